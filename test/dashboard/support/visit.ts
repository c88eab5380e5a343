import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { addAuthenticator, type VirtualAuthenticator } from '../../support/browser.ts';
import type { FakeGateway } from './fake-gateway.ts';

/** A person at a browser of their own, with a passkey device. `faults` collects what must stay empty. */
export interface Visit {
  readonly page: Page;
  readonly device: VirtualAuthenticator;
  /** Violations of the Content-Security-Policy, errors on the console, and requests to other sites. */
  readonly faults: string[];
  /** Violations that axe-core finds on the page as it stands. */
  axe(): Promise<string[]>;
  close(): Promise<void>;
}

interface AxeResult {
  readonly violations: readonly { id: string; nodes: readonly { html: string; failureSummary?: string }[] }[];
}

export async function openVisit(
  browser: Browser,
  gateway: FakeGateway,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
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
    if (!request.url().startsWith(gateway.origin)) faults.push(`request: ${request.url()}`);
  });
  const device = await addAuthenticator(page);
  return {
    page,
    device,
    faults,
    async axe() {
      await page.evaluate(axe.source);
      const found = await page.evaluate<AxeResult>('axe.run()');
      return found.violations.flatMap(({ id, nodes }) =>
        nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`),
      );
    },
    close: () => context.close(),
  };
}

/** Opens a one-time link and makes a passkey. */
export async function enrolBy(visit: Visit, url: string): Promise<void> {
  await visit.page.goto(url);
  await visit.page.getByRole('button', { name: 'Make a passkey' }).click();
  await visit.page.getByRole('heading', { name: 'Inbox' }).waitFor();
}
