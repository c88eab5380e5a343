import type { Browser, CDPSession, Locator, Page } from 'playwright-core';
import { CountersignError, errorText } from '../core/errors.ts';
import { withBundledChromium } from './bundled-chromium.ts';
import { type DemoPasskey, readDemoPasskey, writeDemoPasskey } from './demo-passkey.ts';

export interface HeadlessOptions {
  readonly approveUrl: string;
  /** The one-time link, while nobody has used it. */
  readonly enrolUrl?: string | undefined;
  /** Where the demo authenticator's key is kept between runs. */
  readonly passkeyFile: string;
  readonly print: (line: string) => void;
  /** Aborting it closes the browser. */
  readonly signal: AbortSignal;
}

const PATIENCE_MS = 30_000;

const NOBODY =
  'The demo authenticator is not enrolled here and there is no unused enrol link. Decide in your own browser, or let ' +
  'the gateway make a link for it: countersign up --new-enrol-link';

interface Authenticator {
  credential(): Promise<DemoPasskey | undefined>;
}

/** A virtual authenticator (WebAuthn level 2, §11) that answers without a person, with the passkey if there is one. */
async function addAuthenticator(cdp: CDPSession, passkey: DemoPasskey | undefined): Promise<Authenticator> {
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  if (passkey !== undefined)
    await cdp.send('WebAuthn.addCredential', { authenticatorId, credential: { ...passkey } });
  return {
    async credential() {
      const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId });
      return credentials[0] as DemoPasskey | undefined;
    },
  };
}

function button(page: Page, name: RegExp): Locator {
  return page.getByRole('button', { name }).first();
}

async function textOf(part: Locator): Promise<string> {
  return ((await part.textContent()) ?? '').replaceAll(/\s+/g, ' ').trim();
}

/** Waits for `done`, but fails with the page's own words as soon as it shows an alert. */
async function unlessAlert(page: Page, done: Promise<unknown>): Promise<void> {
  // A page may keep an empty place for what it has to announce.
  const alert = page.getByRole('alert').filter({ hasText: /\S/ }).first();
  const refused = alert.waitFor().then(async () => {
    throw new Error(`The page says: ${await textOf(alert)}`);
  });
  const both = [done, refused];
  // The one that loses may still fail later, when the page closes.
  for (const one of both) one.catch(() => undefined);
  await Promise.race(both);
}

async function open(page: Page, url: string): Promise<void> {
  const response = await page.goto(url);
  if (response?.ok() === true) return;
  throw new Error(
    `The page answered with status ${response?.status()}: ${await textOf(page.locator('body'))}`,
  );
}

/** Does a step on the page; a failure names the step and says what the page said. */
async function step(what: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (cause) {
    const why = errorText(cause).split('\n')[0] ?? '';
    throw new CountersignError('conflict', `The demo authenticator could not ${what}. ${why}`, { cause });
  }
}

async function enrol(page: Page, link: { enrolUrl: string; approveUrl: string }): Promise<void> {
  await step('enrol', async () => {
    // The gateway may listen elsewhere by now; the link's token is what counts.
    const { pathname, hash } = new URL(link.enrolUrl);
    await open(page, new URL(`${pathname}${hash}`, link.approveUrl).href);
    await unlessAlert(page, button(page, /^(make|create) a? ?passkey/i).click());
    await unlessAlert(
      page,
      page.waitForURL((url) => url.pathname !== '/enrol'),
    );
  });
}

async function approve(page: Page, { approveUrl, print }: HeadlessOptions): Promise<void> {
  const signIn = button(page, /^sign in/i);
  const yes = button(page, /^approve/i);
  await step('sign in', async () => {
    await open(page, approveUrl);
    await unlessAlert(page, signIn.or(yes).first().waitFor());
    if (await signIn.isVisible()) await signIn.click();
    await unlessAlert(page, yes.waitFor());
  });
  await step('approve', async () => {
    const reveal = button(page, /^reveal/i);
    if (await reveal.isVisible()) {
      await reveal.click();
      await unlessAlert(page, reveal.waitFor({ state: 'hidden' }));
    }
    const unfold = button(page, /^show all/i);
    if (await unfold.isVisible()) await unfold.click();
    // The page enables the button only after the end of the call was on the screen for a moment; the click waits.
    await page.getByText('End of the call', { exact: true }).scrollIntoViewIfNeeded();
    print('  The demo authenticator signs the statement on the page.');
    await unlessAlert(page, yes.click());
    await unlessAlert(page, page.getByRole('region', { name: 'Decision' }).waitFor({ state: 'hidden' }));
  });
}

async function drive(
  browser: Browser,
  options: HeadlessOptions,
  passkey: DemoPasskey | undefined,
): Promise<void> {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const authenticator = await addAuthenticator(await page.context().newCDPSession(page), passkey);

  async function keepPasskey(): Promise<void> {
    const credential = await authenticator.credential();
    if (credential !== undefined) await writeDemoPasskey(options.passkeyFile, credential);
  }

  if (passkey === undefined) {
    await enrol(page, { enrolUrl: options.enrolUrl ?? '', approveUrl: options.approveUrl });
    await keepPasskey();
    options.print(`  The demo authenticator made its passkey; its key is kept in ${options.passkeyFile}.`);
  }
  try {
    await approve(page, options);
  } finally {
    // The gateway refuses a counter that goes back, so every use must be remembered.
    await keepPasskey();
  }
}

/**
 * Enrols a demo authenticator when it has no passkey yet, then opens the approval page and approves. It stands in
 * for a person and proves none. Throws `conflict` with the page's own words when a step fails,
 * `downstream_unavailable` without the bundled browser, and `forbidden` when it can neither sign in nor enrol.
 */
export async function approveHeadless(options: HeadlessOptions): Promise<void> {
  const passkey = await readDemoPasskey(options.passkeyFile);
  if (passkey === undefined && options.enrolUrl === undefined)
    throw new CountersignError('forbidden', NOBODY);
  await withBundledChromium(async (browser) => {
    const close = (): void => void browser.close();
    options.signal.addEventListener('abort', close, { once: true });
    try {
      await drive(browser, options, passkey);
    } finally {
      options.signal.removeEventListener('abort', close);
    }
  });
}
