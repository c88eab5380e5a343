import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';

/** The Chromium inside `@sparticuz/chromium`, unpacked into a folder of its own that goes away with `close`. */
export interface LaunchedBrowser {
  readonly browser: Browser;
  close(): Promise<void>;
}

const FLAGS = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-gpu',
  '--disable-sync',
  '--no-first-run',
  '--no-pings',
];

async function unpack(folder: string): Promise<string> {
  const before = process.env.TMPDIR;
  // The package unpacks into the temporary directory that it finds at the time of the call.
  process.env.TMPDIR = folder;
  try {
    const { default: bundled, inflate } = await import('@sparticuz/chromium');
    const path = await bundled.executablePath();
    await inflate(fileURLToPath(new URL('../bin/al2023.tar.br', import.meta.resolve('@sparticuz/chromium'))));
    return path;
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

/** Unpacks the bundled Chromium with its own libraries and fonts, so that the host needs none; `env` is what it runs in. */
export async function unpackBrowser(
  folder: string,
): Promise<{ executablePath: string; flags: readonly string[]; env: Record<string, string> }> {
  const executablePath = await unpack(folder);
  const fonts = join(folder, 'fonts.conf');
  const dirs = [join(folder, 'fonts'), '/usr/share/fonts'].map((dir) => `<dir>${dir}</dir>`).join('');
  await writeFile(
    fonts,
    `<fontconfig>${dirs}<cachedir>${join(folder, 'font-cache')}</cachedir></fontconfig>`,
  );
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    TMPDIR: folder,
    FONTCONFIG_FILE: fonts,
    LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
  };
  return { executablePath, flags: FLAGS, env };
}

/** Starts the bundled Chromium, headless. */
export async function launchBrowser(): Promise<LaunchedBrowser> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-browser-'));
  const clear = () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
  try {
    const { executablePath, flags, env } = await unpackBrowser(folder);
    const browser = await chromium.launch({
      executablePath,
      args: [...flags],
      chromiumSandbox: process.getuid?.() !== 0,
      env,
    });
    return {
      browser,
      async close() {
        await browser.close();
        await clear();
      },
    };
  } catch (error) {
    await clear();
    throw error;
  }
}

/** A platform authenticator of one page: holds discoverable passkeys, verifies its user, answers at once. */
export interface VirtualAuthenticator {
  credentials(): Promise<readonly { readonly credentialId: string; readonly signCount: number }[]>;
  /** Whether the next ceremonies succeed in verifying the user. */
  verifyUser(verified: boolean): Promise<void>;
  /** Whether it answers the next ceremonies at all. */
  answer(present: boolean): Promise<void>;
  /** Sets the counters of its passkeys back, as a copy made earlier would have them. */
  setBack(): Promise<void>;
}

/** Adds an authenticator to the page by CDP; WebAuthn then works at http://localhost, but not at 127.0.0.1. */
export async function addAuthenticator(
  page: Page,
  transport: 'internal' | 'usb' = 'internal',
): Promise<VirtualAuthenticator> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport,
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    async credentials() {
      const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId });
      return credentials;
    },
    async verifyUser(isUserVerified) {
      await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
    },
    async answer(enabled) {
      await cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });
    },
    async setBack() {
      const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId });
      await cdp.send('WebAuthn.clearCredentials', { authenticatorId });
      for (const credential of credentials)
        await cdp.send('WebAuthn.addCredential', {
          authenticatorId,
          credential: { ...credential, signCount: 0 },
        });
    },
  };
}
