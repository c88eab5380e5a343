import { fileURLToPath } from 'node:url';
import { build, type Rolldown } from 'vite';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as sdk from '../../src/index.ts';
import { connectV2 } from '../support/agents.ts';
import { enrol } from '../support/approver.ts';
import { launchBrowser } from '../support/browser.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

type Sdk = typeof sdk;

interface Given {
  readonly baseUrl: string;
  readonly apiKey: string;
  /** What the agent's client returned from its call. */
  readonly result?: unknown;
}

type Step<T> = (sdk: Sdk, given: Given) => Promise<T>;

/** Somewhere that the package runs. */
interface Place {
  run<T>(step: Step<T>, given: Given): Promise<T>;
}

async function inNode(): Promise<Place> {
  return { run: (step, given) => step(sdk, given) };
}

/** The whole package as one script that keeps what it exports under this name. */
async function bundled(): Promise<string> {
  const output = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      lib: {
        entry: fileURLToPath(new URL('../../src/index.ts', import.meta.url)),
        formats: ['iife'],
        name: 'sdk',
      },
    },
  });
  const [{ output: chunks }] = output as [Rolldown.RolldownOutput];
  return chunks[0].code;
}

/** Chromium, on a page of the gateway's own origin. */
async function inChromium({ app }: TestGateway): Promise<Place> {
  const script = await bundled();
  const { browser, close } = await launchBrowser();
  onTestFinished(close);
  const page = await browser.newPage();
  await page.goto(`${app.origin}/healthz`);
  return {
    run: (step, given) => page.evaluate(`${script};(${String(step)})(sdk, ${JSON.stringify(given)})`) as any,
  };
}

const mint: Step<sdk.MintedSession> = async ({ Countersign }, given) =>
  await new Countersign(given).forUser('user-1').session({ ttlMs: 600_000 });

const isPending: Step<boolean> = async ({ isPendingApproval }, { result }) => isPendingApproval(result);

const wait: Step<sdk.ApprovalDetail> = async ({ Countersign, isPendingApproval }, { result, ...options }) => {
  if (!isPendingApproval(result)) throw new Error('the call was not held');
  const { approvals } = new Countersign(options).forUser('user-1');
  return await approvals.wait(result.structuredContent.approval_id, { timeoutMs: 15_000 });
};

const read: Step<unknown> = async ({ Countersign }, given) => {
  const user = new Countersign(given).forUser('user-1');
  const { data: entries } = await user.logs.query({ action: 'oracle/pay', limit: 2 });
  const { data: jobs } = await user.jobs.list();
  const first = jobs[0];
  const streamed = [];
  for await (const { seq } of user.logs.stream({}, { after: 0 })) {
    streamed.push(seq);
    if (streamed.length === 3) break;
  }
  return {
    newestFirst: entries.map(({ seq }) => seq),
    streamed,
    states: jobs.map(({ state }) => state),
    job: first === undefined ? undefined : (await user.jobs.get(first.id)).state,
    ofOthers: (await new Countersign(given).forUser('user-2').jobs.list()).data.length,
  };
};

const fail: Step<unknown> = async ({ Countersign, isCountersignApiError }, given) => {
  try {
    return await new Countersign(given).approvals.get('apr_none');
  } catch (error) {
    if (!isCountersignApiError(error)) throw error;
    const { code, status, requestId } = error;
    return { code, status, hasRequestId: requestId?.startsWith('req_') };
  }
};

const PLACES = [
  ['Node', inNode],
  ['Chromium', inChromium],
] as const;

describe.each(PLACES)('in %s', (_name, open) => {
  test('a session is minted, its held call is waited for, and the replayed result comes back', async () => {
    const gateway = await startTestGateway();
    onTestFinished(() => gateway.close());
    const person = await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');
    const place = await open(gateway);
    const given = { baseUrl: gateway.app.origin, apiKey: gateway.apiKey };

    const { mcp } = await place.run(mint, given);
    const agent = await connectV2(mcp, 'auto');
    onTestFinished(() => agent.close());
    const harmless = await agent.callTool({ name: 'echo', arguments: { text: 'hello' } });
    expect(await place.run(isPending, { ...given, result: harmless })).toBe(false);
    const result = await agent.callTool({
      name: 'pay',
      arguments: { amount_cents: 7_500, to: 'c_1' },
    });
    const waiting = place.run(wait, { ...given, result });
    const { approval_id: id } = (result as unknown as sdk.PendingCallResult).structuredContent;
    expect((await person.decide(id, 'approve')).status).toBe(200);

    const settled = await waiting;
    expect(settled).toMatchObject({ id, state: 'succeeded', subject: 'user-1' });
    expect(settled.result?.text).toContain('content');
    expect(gateway.received().filter((params) => params.includes('7500'))).toHaveLength(1);

    const { newestFirst, ...rest } = (await place.run(read, given)) as { newestFirst: number[] };
    expect(newestFirst).toHaveLength(2);
    expect(newestFirst[0]).toBeGreaterThan(newestFirst[1] ?? 0);
    expect(rest).toMatchObject({ states: ['completed'], job: 'completed', ofOthers: 0 });
    expect(await place.run(fail, given)).toEqual({ code: 'not_found', status: 404, hasRequestId: true });
  });
});
