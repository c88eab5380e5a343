import type { Browser, CDPSession, Page } from 'playwright-core';
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

function button(page: Page, name: RegExp) {
  return page.getByRole('button', { name }).first();
}

/** Does a step on the page; when it fails, says what the page itself says. */
async function onPage(page: Page, step: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (cause) {
    const alerts = await page.getByRole('alert').allInnerTexts();
    const said = alerts.map((text) => text.trim()).filter((text) => text !== '');
    const why =
      said.length > 0 ? `The page says: ${said.join(' ')}` : (errorText(cause).split('\n')[0] ?? '');
    throw new CountersignError('conflict', `The demo authenticator could not ${step}. ${why}`, { cause });
  }
}

async function enrol(page: Page, enrolUrl: string): Promise<void> {
  await onPage(page, 'enrol', async () => {
    await page.goto(enrolUrl);
    const create = button(page, /^create passkey/i);
    const name = page.getByRole('textbox', { name: /name/i }).first();
    await create.waitFor();
    if ((await name.count()) > 0 && (await name.inputValue()) === '') await name.fill('Demo authenticator');
    await create.click();
    await create.waitFor({ state: 'hidden' });
  });
}

async function approve(page: Page, approveUrl: string): Promise<void> {
  const signIn = button(page, /^sign in/i);
  const yes = button(page, /^approve/i);
  await onPage(page, 'sign in', async () => {
    await page.goto(approveUrl);
    await signIn.or(yes).first().waitFor();
    if (await signIn.isVisible()) await signIn.click();
    await yes.waitFor();
  });
  // The page enables the button only when everything was on the screen for a moment; the click waits for that.
  await onPage(page, 'approve', async () => {
    await yes.click();
    await yes.waitFor({ state: 'hidden' });
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
    await enrol(page, options.enrolUrl ?? '');
    await keepPasskey();
    options.print(`  The demo authenticator made its passkey; its key is kept in ${options.passkeyFile}.`);
  }
  try {
    await approve(page, options.approveUrl);
  } finally {
    // The gateway refuses a counter that goes back, so every use must be remembered.
    await keepPasskey();
  }
  options.print('  The demo authenticator signed the statement on the page.');
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
