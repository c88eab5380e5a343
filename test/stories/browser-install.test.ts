import type { CDPSession } from 'playwright-core';
import { expect, it } from 'vitest';
import { look } from '../dashboard/support/look.ts';
import { openStage, useBrowser } from '../dashboard/support/stage.ts';

const chromium = useBrowser();
async function manifestOf(cdp: CDPSession): Promise<any> {
  return cdp.send('Page.getAppManifest');
}

it('the page can be installed: a browser finds its manifest, its icons and nothing that is missing', async () => {
  const stage = await openStage(chromium.browser);
  const visit = await stage.enrolFirst();
  const { page } = visit;
  const cdp = await page.context().newCDPSession(page);
  const { url, errors, data } = await manifestOf(cdp);
  expect({ url, errors }).toEqual({ url: `${stage.gateway.app.origin}/manifest.webmanifest`, errors: [] });
  expect((await cdp.send('Page.getInstallabilityErrors')).installabilityErrors).toEqual([]);
  const paths = ['/manifest.webmanifest', '/apple-touch-icon.png', '/worker.js'];
  for (const { src } of JSON.parse(data).icons) paths.push(src);
  const types = paths.map(async (path) => {
    const { status, headers } = await fetch(`${stage.gateway.app.origin}${path}`);
    return [status, headers.get('content-type')?.split(';')[0], headers.get('cache-control')].join(' ');
  });
  const png = '200 image/png no-cache';
  expect(await Promise.all(types)).toEqual([
    '200 application/manifest+json no-cache',
    png,
    '200 text/javascript no-cache',
    png,
    png,
    png,
  ]);
}, 60_000);

it('the settings offer to install the page while the browser does, and say when it does not succeed', async () => {
  const stage = await openStage(chromium.browser);
  const visit = await stage.enrolFirst();
  const { page } = visit;
  const install = page.getByRole('button', { name: 'Install Countersign' });
  const offer = (outcome: string) =>
    page.evaluate(`{
      const offer = new Event('beforeinstallprompt', { cancelable: true });
      offer.prompt = async () => { ${outcome} };
      dispatchEvent(offer);
      offer.defaultPrevented;
    }`);
  expect(await offer('window.asked = true;')).toBe(true);
  await page.getByRole('link', { name: 'Settings' }).click();
  await install.waitFor();
  await look(visit, '01-install');
  await install.click();
  expect(await page.evaluate('window.asked')).toBe(true);
  await expect.poll(() => install.count()).toBe(0);
  await offer('');
  await install.waitFor();
  await page.evaluate("dispatchEvent(new Event('appinstalled'))");
  await expect.poll(() => install.count()).toBe(0);
  await offer("throw new Error('no room');");
  await install.click();
  await visit.heading('The browser did not install the page');
}, 60_000);

it('nothing but the service worker’s own address can be run as a worker, and no other policy can be made', async () => {
  const stage = await openStage(chromium.browser);
  // Not a person's visit: what is tried here is reported there as a fault.
  const context = await chromium.browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(`{
    const create = trustedTypes.createPolicy.bind(trustedTypes);
    trustedTypes.createPolicy = (...given) => { const made = create(...given); window.made = made; return made; };
  }`);
  await page.goto(stage.gateway.app.origin);
  const result = (code: string) =>
    page.evaluate<string>(
      `(async () => { try { await (${code}); return 'done'; } catch (error) { return String(error); } })()`,
    );
  const policy = (name: string) =>
    `trustedTypes.createPolicy('${name}', { createScriptURL: (url) => url, createHTML: (t) => t })`;
  for (const name of ['default', 'dompurify', 'countersign', 'countersign-worker2'])
    expect(await result(policy(name))).toContain('TypeError');
  expect(await result("navigator.serviceWorker.register('/worker.js')")).toContain('TrustedScriptURL');
  const [chunk] = await page.evaluate<string[]>(
    `fetch('/').then((answer) => answer.text()).then((text) => text.match(/assets\\/index-[^"]+/))`,
  );
  const main = await page.evaluate<string>(`fetch('/${chunk}').then((answer) => answer.text())`);
  const [lazy = ''] = /\.\/push-device-[\w-]+\.js/.exec(main) ?? [];
  await page.evaluate(`import('/assets/${lazy.slice(2)}').then(() => undefined)`);
  expect(await result(policy('countersign-worker')), 'the page has made it, and it is made once').toContain(
    'TypeError',
  );
  expect(await result("made.createScriptURL('/worker.js')")).toBe('done');
  for (const url of ['/other.js', '/worker.js?x', 'worker.js', 'https://evil.example/worker.js', ''])
    expect(await result(`made.createScriptURL(${JSON.stringify(url)})`)).toContain('TypeError');
  expect(await result("made.createHTML('<b>')")).toContain('TypeError');
  await context.close();
}, 60_000);
