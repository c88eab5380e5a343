import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Browser } from 'playwright-core';
import { CountersignError, errorText } from '../core/errors.ts';

const require = createRequire(import.meta.url);

async function loadPackages() {
  try {
    const [{ chromium }, { inflate }] = await Promise.all([
      import('playwright-core'),
      import('@sparticuz/chromium'),
    ]);
    return { chromium, inflate };
  } catch (cause) {
    const message =
      'A headless run needs the packages playwright-core and @sparticuz/chromium, which are installed only with the ' +
      'repository ("npm ci"). Run without --headless and decide in your own browser.';
    throw new CountersignError('downstream_unavailable', message, { cause });
  }
}

/** Unpacks one archive of the package into `dir`. The package takes the folder from TMPDIR, at the call. */
function unpack(
  inflate: (file: string) => Promise<string>,
  input: { archive: string; dir: string },
): Promise<string> {
  const bin = join(dirname(require.resolve('@sparticuz/chromium')), '..', 'bin');
  const before = process.env.TMPDIR;
  process.env.TMPDIR = input.dir;
  try {
    return inflate(join(bin, input.archive));
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

/**
 * Runs `use` with the Chromium that comes inside the npm package, unpacked into a private folder that is removed
 * afterwards. Throws `downstream_unavailable` when the packages are absent or the browser does not start.
 */
export async function withBundledChromium<T>(use: (browser: Browser) => Promise<T>): Promise<T> {
  const { chromium, inflate } = await loadPackages();
  const dir = await mkdtemp(join(tmpdir(), 'countersign-chromium-'));
  try {
    const executablePath = await unpack(inflate, { archive: 'chromium.br', dir });
    const launch = (env: NodeJS.ProcessEnv) =>
      chromium.launch({
        executablePath,
        headless: true,
        env: { ...env, TMPDIR: dir } as Record<string, string>,
      });
    const browser = await launch(process.env).catch(async () => {
      // Hosts without NSS and the like: the package carries these libraries too.
      const libraries = await unpack(inflate, { archive: 'al2023.tar.br', dir });
      return await launch({ ...process.env, LD_LIBRARY_PATH: join(libraries, 'lib') });
    });
    try {
      return await use(browser);
    } finally {
      await browser.close();
    }
  } catch (cause) {
    if (cause instanceof CountersignError) throw cause;
    const message = `The headless browser failed: ${errorText(cause)}`;
    throw new CountersignError('downstream_unavailable', message, { cause });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
