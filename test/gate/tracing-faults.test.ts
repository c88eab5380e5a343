import { expect, test } from 'vitest';
import type { GateDeps } from '../../src/gate/call.ts';
import { forwardRequest } from '../../src/gate/forward.ts';

const REQUEST = {
  session: { id: 'ses_a', subject: 'user:a' },
  server: 'crm',
  method: 'resources/read',
  action: 'resource:crm/x',
  params: {},
  verdict: { policyVersion: 'p', shadow: [] },
};

type Go = (meta: undefined) => Promise<unknown>;

/** Sends a request while `trace` stands between the gate and the server. */
async function send(trace: (go: Go) => Promise<unknown>) {
  const seen = { sent: 0, entries: [] as any[] };
  const gate = {
    downstreams: {
      relays: () => [],
      request: async () => {
        seen.sent += 1;
        return { kind: 'result', raw: '{}', isError: false };
      },
    },
    tracing: { send: (_sent: unknown, go: Go) => trace(go) },
    ledger: { commit: async ({ entries }: { entries: object[] }) => seen.entries.push(...entries) },
    newId: () => 'req_1',
    isActive: () => true,
    report: () => undefined,
  };
  const outcome = await forwardRequest(gate as unknown as GateDeps, REQUEST as never);
  return { outcome, sent: seen.sent, recorded: seen.entries.map(({ type }) => type) };
}

test.each([
  [
    'fails after the request was sent',
    async (go: Go) => {
      await go(undefined);
      throw new Error('no exporter');
    },
  ],
  ['fails before', () => Promise.reject(new Error('no tracer'))],
  [
    'throws at once',
    () => {
      throw new Error('no tracer');
    },
  ],
  ['sends it twice', async (go: Go) => [await go(undefined), await go(undefined)][1]],
])(
  'what traces and %s changes nothing: the request is sent once, and its outcome is known',
  async (_, trace) => {
    expect(await send(trace)).toEqual({
      outcome: { kind: 'result', raw: '{}' },
      sent: 1,
      recorded: ['call.intent', 'call.outcome'],
    });
  },
);
