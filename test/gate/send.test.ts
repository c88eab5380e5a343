import { expect, test } from 'vitest';
import { CountersignError } from '../../src/core/errors.ts';
import type { GateCall, GateDeps, GateOutcome } from '../../src/gate/call.ts';
import { callTool } from '../../src/gate/gate.ts';

const TOOL = {
  server: 'bank',
  tool: 'pay',
  exposed: 'pay',
  hash: 'sha256:1',
  state: 'active',
  definition: {},
};
const SESSION = {
  id: 'ses_1',
  subject: 'user:a',
  scope: ['*'],
  labels: {},
  createdAt: 0,
  callCap: undefined,
};
const VERDICT = {
  effect: 'allow',
  risk: 'low',
  matched: [],
  reason: '',
  readOnly: false,
  idempotent: false,
  redact: [],
  shadow: [],
  policyVersion: 'p',
};
const ANSWER = { kind: 'result', raw: '{"content":[]}', isError: false };

interface Seen {
  readonly sent: number;
  readonly entries: { type: string; body: { kind?: string } }[];
  readonly outcome: GateOutcome | Error;
  readonly reported: unknown[];
}

/** One call through a gate of which some parts are replaced. */
async function callWith(parts: { request?: () => Promise<unknown>; more?: object }): Promise<Seen> {
  const seen = { sent: 0, entries: [] as Seen['entries'], reported: [] as unknown[] };
  const gate = {
    downstreams: {
      relays: () => [],
      catalog: () => ({ byExposed: new Map([['pay', TOOL]]) }),
      request: () => {
        seen.sent += 1;
        return parts.request === undefined ? Promise.resolve(ANSWER) : parts.request();
      },
    },
    ledger: {
      commit: async ({ entries }: { entries: Seen['entries'] }) => {
        seen.entries.push(...entries);
        return { kind: 'applied', rows: [] };
      },
    },
    policy: () => ({ version: 'p', evaluate: () => VERDICT, record: () => undefined }),
    isActive: () => true,
    sealArguments: () => ({ commit: 'c', sidecar: { sql: '', params: [] } }),
    callsOf: () => 0,
    countCall: () => undefined,
    tasks: {},
    counters: {},
    report: (error: unknown) => seen.reported.push(error),
    now: () => 0,
    newId: () => 'req_1',
    ...parts.more,
  };
  const call = { session: SESSION, name: 'pay', args: {} };
  const outcome = await callTool(gate as unknown as GateDeps, call as unknown as GateCall).catch(
    (error: Error) => error,
  );
  return { ...seen, outcome };
}

const thrown = (error: Error) => (): never => {
  throw error;
};
const UNKNOWN = { kind: 'refused', code: 'outcome_unknown' };
const refusal = new CountersignError('not_found', 'There is no such thing.');

test.each([
  ['a fault', new Error('the pool is gone')],
  ['an error of our own', refusal],
])(
  '%s while a call is under way leaves its outcome unknown, for the agent and on the ledger',
  async (_, error) => {
    for (const request of [() => Promise.reject(error), thrown(error)]) {
      const { outcome, entries, reported } = await callWith({ request });
      expect(outcome).toMatchObject(UNKNOWN);
      expect((outcome as { message: string }).message).toContain('It may have run');
      expect(entries.map(({ type, body }) => [type, body.kind])).toEqual([
        ['call.intent', undefined],
        ['call.outcome', 'unknown'],
      ]);
      expect(reported).toEqual([error]);
    }
  },
);

test('a fault of what traces and of the connection, both at once, is no proof that nothing was sent', async () => {
  const { outcome, sent } = await callWith({
    request: () => Promise.reject(refusal),
    more: {
      tracing: {
        send: async (_sent: unknown, go: (meta: undefined) => Promise<unknown>) => {
          await go(undefined);
        },
      },
    },
  });
  expect(outcome).toMatchObject(UNKNOWN);
  expect(sent).toBe(1);
});

test('what breaks once the answer is there is never told as a call that was not sent', async () => {
  for (const error of [refusal, new Error('the mapping is broken')]) {
    const { outcome, sent, entries } = await callWith({
      more: { onAnswer: () => Promise.reject(error) },
    });
    expect(outcome).toMatchObject(UNKNOWN);
    expect(sent).toBe(1);
    expect(entries.map(({ body }) => body.kind)).toEqual([undefined, 'result']);
  }
});

test('whatever breaks before a call is sent says so, and nothing was sent', async () => {
  const faults: object[] = [
    { policy: thrown(new Error('no policy')) },
    { sealArguments: thrown(new Error('no key')) },
    { ledger: { commit: () => Promise.reject(new Error('no disk')) } },
    { countCall: thrown(new Error('no count')) },
    { newId: thrown(new Error('no id')) },
  ];
  for (const fault of faults) {
    const { outcome, sent } = await callWith({ more: fault });
    expect(sent).toBe(0);
    expect(outcome).toBeInstanceOf(CountersignError);
    expect((outcome as Error).message).toContain('The call was not sent');
  }
});
