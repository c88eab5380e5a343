import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { addAuthenticator, type VirtualAuthenticator } from '../../support/browser.ts';

/** A person at a browser of their own, with a passkey device. `faults` collects what must stay empty. */
export interface Visit {
  readonly page: Page;
  readonly device: VirtualAuthenticator;
  readonly approve: Locator;
  /** Violations of the Content-Security-Policy, errors on the console, and requests to other sites. */
  readonly faults: string[];
  /** Opens a one-time link, makes a passkey and stands before the inbox. */
  enrol(url: string): Promise<void>;
  /** Invites somebody on the page for people, and gives the link. */
  invite(name: string, groups?: string): Promise<string>;
  /** Signs what the page shows for signing, and waits until it is done. */
  signShown(): Promise<void>;
  row(id: string): Locator;
  goto(path: string): Promise<void>;
  /** Opens a call and scrolls to its end. */
  openCall(id: string): Promise<void>;
  scrollToEnd(): Promise<void>;
  /** Waits until buttons act again after the call has come up, by the one that needs nothing else. */
  rested(): Promise<void>;
  /** Waits until Approve can be pressed, and presses it. */
  pressApprove(): Promise<void>;
  /** Waits for a heading of the page. */
  heading(text: string): Promise<void>;
  /** Until keys act again after rows have changed, by the page's own timers. */
  keysRest(): Promise<void>;
  /** Violations that axe-core finds on the page as it stands. */
  axe(): Promise<string[]>;
  close(): Promise<void>;
}

interface AxeResult {
  readonly violations: readonly { id: string; nodes: readonly { html: string; failureSummary?: string }[] }[];
}

/** Collects from now on what a page must never do. */
async function watchFaults(page: Page, origin: string): Promise<string[]> {
  const faults: string[] = [];
  await page.exposeFunction('reportFault', (fault: string) => faults.push(fault));
  // Text, not functions: these tests are compiled without the types of the DOM.
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) => {
    reportFault('policy: ' + [event.violatedDirective, event.blockedURI, event.sample].join(' '));
  });`);
  page.on('console', (message) => {
    // A refused request is a line on the console too, whether or not the page handles it.
    const handled = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !handled) faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) faults.push(`request: ${request.url()}`);
  });
  return faults;
}

/** A new person at the page of the gateway at `origin`. */
export async function openVisit(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const faults = await watchFaults(page, origin);
  const device = await addAuthenticator(page);
  const visit: Visit = {
    page,
    device,
    faults,
    approve: page.getByRole('button', { name: 'Approve with passkey' }),
    async enrol(url) {
      await page.goto(url);
      await page.getByRole('button', { name: 'Make a passkey' }).click();
      await visit.heading('Inbox');
    },
    async invite(name, groups = '') {
      await page.getByLabel('Name', { exact: true }).fill(name);
      await page.getByLabel('Groups (as the policy').fill(groups);
      await page.getByRole('button', { name: 'Make a one-time link' }).click();
      await visit.signShown();
      return (await page.locator('.notice code.link').textContent()) ?? '';
    },
    async signShown() {
      await page.getByRole('dialog').getByRole('button', { name: 'Sign with passkey' }).click();
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
    },
    row: (id) => page.locator(`#row-${id}`),
    async goto(path) {
      await page.goto(`${origin}${path}`);
    },
    async openCall(id) {
      await visit.goto(`/approvals/${id}`);
      await visit.scrollToEnd();
    },
    scrollToEnd: () => page.getByText('End of the call', { exact: true }).scrollIntoViewIfNeeded(),
    async rested() {
      const deny = page.getByRole('button', { name: 'Deny…' });
      await expect.poll(() => deny.isEnabled()).toBe(true);
    },
    pressApprove: () => visit.approve.click(),
    heading: (text) => page.getByRole('heading', { name: text }).first().waitFor(),
    keysRest: () => page.evaluate('new Promise((done) => setTimeout(done, 600))'),
    async axe() {
      await page.evaluate(axe.source);
      const found = await page.evaluate<AxeResult>('axe.run()');
      return found.violations.flatMap(({ id, nodes }) =>
        nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`),
      );
    },
    close: () => context.close(),
  };
  return visit;
}
