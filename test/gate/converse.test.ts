import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { RelayKind, Utterance } from '../../src/downstream/catalog.ts';
import type { CallClient, ClientAnswer, GateDeps } from '../../src/gate/call.ts';
import { converse, inputOutcome } from '../../src/gate/converse.ts';
import { forwardRequest } from '../../src/gate/forward.ts';

const REF = { session: 'ses_a', subject: 'user:a', call: 'req_1', action: 'crm/ask' };
const FORM = { method: 'elicitation/create', params: { message: 'Who?' } };
const WAITS = new AbortController().signal;
const DECLARED: JsonObject = { elicitation: {}, sampling: {} };

function stage(input: { answer?: ClientAnswer; relays?: RelayKind[]; ledgerFails?: boolean } = {}) {
  const { answer = { result: { action: 'accept', content: { n: 1 } } }, relays = ['elicitation'] } = input;
  const entries: unknown[] = [];
  const events: string[] = [];
  const warnings: unknown[] = [];
  const reports: unknown[] = [];
  const deps = {
    downstreams: { relays: () => relays } as unknown as GateDeps['downstreams'],
    ledger: {
      commit: async ({ entries: added }: { entries: readonly object[] }) => {
        if (input.ledgerFails) throw new Error('disk full');
        entries.push(...added);
        events.push('recorded');
      },
    } as unknown as GateDeps['ledger'],
    report: (error: unknown) => reports.push(error),
    warn: (fields: object) => warnings.push(fields),
    publicOrigin: 'https://gate.example',
  };
  const told: Utterance[] = [];
  const client: CallClient = {
    key: 'ses_a',
    capabilities: DECLARED,
    ask: async () => {
      events.push('asked');
      return answer;
    },
    tell: (notification) => told.push(notification),
  };
  const conversation = converse(deps, { client, server: 'crm', ref: REF });
  return { deps, client, conversation, entries, events, reports, told, warnings };
}

describe('a conversation', () => {
  test('gives a server the answer once its kind is on the ledger, without what was said', async () => {
    const { conversation, entries, events } = stage();
    const answer = await conversation.ask(FORM, WAITS);
    expect(answer).toEqual({ result: { action: 'accept', content: { n: 1 } } });
    expect(events).toEqual(['asked', 'recorded']);
    const body = { server: 'crm', kind: 'elicitation', answer: 'accept' };
    expect(entries).toEqual([{ type: 'call.asked', ref: REF, body }]);
  });

  test('withholds an answer that the ledger did not take', async () => {
    const { conversation, reports } = stage({ ledgerFails: true });
    expect(await conversation.ask(FORM, WAITS)).toMatchObject({ error: { code: -32000 } });
    expect(reports).toEqual([new Error('disk full')]);
  });

  test('refuses what config does not relay: the client is not asked, and an operator is told the key', async () => {
    const { conversation, events, warnings } = stage({ relays: ['elicitation'] });
    const sample = { method: 'sampling/createMessage', params: { messages: [], maxTokens: 1 } };
    const answer = await conversation.ask(sample, WAITS);
    expect(answer).toEqual({
      error: {
        code: -32601,
        message: 'Countersign does not relay sampling/createMessage requests from servers.',
      },
    });
    expect(events).toEqual([]);
    expect(warnings).toEqual([
      { server: 'crm', method: sample.method, reason: expect.stringContaining('add "sampling"') },
    ]);
  });

  test('declares to the server what is left of the client’s capabilities', () => {
    expect(stage().conversation.capabilities).toEqual({ elicitation: { form: {} } });
    expect(stage({ relays: [] }).conversation.capabilities).toEqual({});
  });

  test('passes on log messages and no other notification', () => {
    const { conversation, told } = stage();
    const log = { method: 'notifications/message', params: { level: 'info', data: 'x' } };
    conversation.tell(log);
    conversation.tell({ method: 'notifications/elicitation/complete', params: { elicitationId: 'apr_1' } });
    conversation.tell({ method: 'notifications/tools/list_changed', params: {} });
    expect(told).toEqual([log]);
  });
});

describe('a result that asks for input', () => {
  const outcomeOf = (result: object, relays: RelayKind[] = ['elicitation']) => {
    const { deps, client } = stage({ relays });
    const raw = JSON.stringify({ resultType: 'input_required', ...result });
    return inputOutcome(deps, { client, server: 'crm', ref: REF, raw });
  };

  test('becomes its questions, each with the server’s name in front, and the server’s state', () => {
    expect(outcomeOf({ inputRequests: { who: FORM }, requestState: 's' })).toEqual({
      kind: 'input_required',
      server: 'crm',
      call: 'req_1',
      action: 'crm/ask',
      questions: [
        {
          key: 'who',
          relay: 'elicitation',
          request: { method: 'elicitation/create', params: { message: 'From the server crm: Who?' } },
        },
      ],
      requestState: 's',
    });
    expect(outcomeOf({ requestState: 's' })).toMatchObject({ kind: 'input_required', questions: [] });
  });

  test('is an error when one of its questions may not be asked', () => {
    const roots = { method: 'roots/list' };
    const outcome = outcomeOf({ inputRequests: { who: FORM, roots }, requestState: 's' });
    expect(outcome).toMatchObject({ kind: 'error', raw: expect.stringContaining('does not relay') });
    expect(outcomeOf({ inputRequests: { who: FORM } }, [])).toMatchObject({ kind: 'error' });
  });

  test.each([
    ['nothing', {}],
    ['a list', { inputRequests: [FORM] }],
    ['a question without a method', { inputRequests: { who: { params: {} } } }],
    [
      'too many questions',
      {
        inputRequests: Object.fromEntries(
          Array.from({ length: LIMITS.questionsPerRound + 1 }, (_, n) => [`q${n}`, FORM]),
        ),
      },
    ],
  ])('is an error when it holds %s', (_what, result) => {
    expect(outcomeOf(result)).toMatchObject({ kind: 'error', raw: expect.stringContaining('in a form') });
  });
});

test('answers for one server are never sent to another', async () => {
  const { deps, entries } = stage();
  const retry = { server: 'other', continues: 'req_0', inputResponses: { who: { action: 'accept' } } };
  const request = {
    session: { id: 'ses_a' },
    server: 'crm',
    method: 'resources/read',
    action: 'x',
    params: {},
    retry,
  };
  const sent = forwardRequest(deps as unknown as GateDeps, request as never);
  await expect(sent).rejects.toMatchObject({ code: 'conflict' });
  expect(entries).toEqual([]);
});

test('a read whose session ends before it is sent leaves no intent without an outcome', async () => {
  const { deps, entries } = stage();
  const request = { session: { id: 'ses_a', subject: 'user:a' }, server: 'crm', method: 'resources/read' };
  const more = { action: 'resource:crm/x', params: {}, verdict: { policyVersion: 'p', shadow: [] } };
  const gate = { ...deps, newId: () => 'req_2', isActive: () => false } as unknown as GateDeps;
  const sent = forwardRequest(gate, { ...request, ...more } as never);
  await expect(sent).rejects.toMatchObject({ code: 'not_found' });
  expect(entries).toMatchObject([
    { type: 'call.intent', ref: { call: 'req_2' } },
    { type: 'call.outcome', ref: { call: 'req_2' }, body: { kind: 'not_sent' } },
  ]);
});

test('a read can be held back until the moment at which it is sent, when its session ends', async () => {
  const { deps } = stage();
  const state = { active: true };
  const allowed: (boolean | undefined)[] = [];
  const downstreams = {
    relays: () => [],
    request: async ({ stillAllowed }: { stillAllowed?: () => boolean }) => {
      state.active = false;
      allowed.push(stillAllowed?.());
      return { kind: 'not_sent', code: 'cancelled', reason: 'the session ended' };
    },
  };
  const request = { session: { id: 'ses_a', subject: 'user:a' }, server: 'crm', method: 'resources/read' };
  const more = { action: 'resource:crm/x', params: {}, verdict: { policyVersion: 'p', shadow: [] } };
  const gate = { ...deps, downstreams, newId: () => 'req_2', isActive: () => state.active };
  await forwardRequest(gate as unknown as GateDeps, { ...request, ...more } as never);
  expect(allowed).toEqual([false]);
});
