import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { connectV2 } from '../../support/agents.ts';
import { type LaunchedBrowser, launchBrowser } from '../../support/browser.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../../support/gateway.ts';
import { openVisit, type Visit } from './visit.ts';

/** A real gateway, the people at its page, and an agent behind its sessions. */
export interface Stage {
  readonly gateway: TestGateway;
  /** Opens a browser of its own for one more person. */
  visit(options?: BrowserContextOptions): Promise<Visit>;
  /** The first person, enrolled by the link that the gateway printed, before the inbox. */
  enrolFirst(options?: BrowserContextOptions): Promise<Visit>;
  /** Calls a tool as the agent of a session and gives its whole result. */
  call(tool: string, args?: Record<string, unknown>): Promise<any>;
  /** Makes a call that is frozen and gives its approval's id. */
  hold(args?: Record<string, unknown>, tool?: string): Promise<string>;
  /** The approval as the API tells it. */
  approval(id: string): Promise<any>;
  /** Ends it all. Fails when a page had anything to report, or when the ledger does not verify. */
  close(): Promise<void>;
}

/** Registers the hooks of a file: one browser for all its tests. */
export function useBrowser(): { readonly browser: Browser } {
  const launched: { at?: LaunchedBrowser } = {};
  beforeAll(async () => {
    launched.at = await launchBrowser();
  });
  afterAll(() => launched.at?.close());
  return {
    get browser() {
      if (launched.at === undefined) throw new Error('The browser starts with the first test.');
      return launched.at.browser;
    },
  };
}

/** A stage for one test, which closes it. */
export async function openStage(browser: Browser, options: TestGatewayOptions = {}): Promise<Stage> {
  const stage = await startStage(browser, options);
  onTestFinished(() => stage.close());
  return stage;
}

/** A stage that several tests share; who starts it closes it. */
export async function startStage(browser: Browser, options: TestGatewayOptions = {}): Promise<Stage> {
  const gateway = await startTestGateway(options);
  const agent = await connectV2(gateway.app.session.mcp, 'auto');
  const visits: Visit[] = [];
  const stage: Stage = {
    gateway,
    async visit(options) {
      const visit = await openVisit(browser, gateway.app.origin, options);
      visits.push(visit);
      return visit;
    },
    async enrolFirst(options) {
      const visit = await stage.visit(options);
      await visit.enrol(gateway.app.enrolUrl ?? '');
      return visit;
    },
    call: (name, args = {}) => agent.callTool({ name, arguments: args }),
    async hold(args = { amount_cents: 7500, to: 'c_123' }, tool = 'pay') {
      const held = await stage.call(tool, args);
      expect(held.structuredContent).toMatchObject({ status: 'pending_approval' });
      return held.structuredContent.approval_id;
    },
    approval: async (id) => (await gateway.api('GET', `/v1/approvals/${id}`)).body,
    async close() {
      const faults = visits.flatMap((visit) => visit.faults);
      for (const visit of visits) await visit.close();
      await agent.close();
      const { body } = await gateway.api('GET', '/v1/logs/verify');
      await gateway.close();
      expect(body).toMatchObject({ ok: true });
      expect(faults).toEqual([]);
    },
  };
  return stage;
}
