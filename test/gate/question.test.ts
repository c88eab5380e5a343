import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { RelayKind } from '../../src/downstream/catalog.ts';
import { answerKind, askable, question } from '../../src/gate/question.ts';

const ALL: RelayKind[] = ['elicitation', 'elicitation_url', 'sampling', 'roots'];
const DECLARED = { elicitation: { form: {}, url: {} }, sampling: {}, roots: { listChanged: true } };
const RULES = { server: 'crm', relays: ALL, declared: DECLARED, publicOrigin: 'https://gate.example' };
const FORM = {
  method: 'elicitation/create',
  params: { message: 'Who?', requestedSchema: { type: 'object' } },
};
const page = (url: string, more: JsonObject = {}) => ({
  method: 'elicitation/create',
  params: { mode: 'url', message: 'Sign in', url, ...more },
});
const SAMPLE = {
  method: 'sampling/createMessage',
  params: { messages: [], maxTokens: 3, systemPrompt: 'Be brief.' },
};
const ROOTS = { method: 'roots/list', params: {} };
const reasonOf = (asked: Parameters<typeof question>[0], rules = RULES): string => {
  const judged = question(asked, rules);
  return judged.kind === 'denied' ? judged.reason : `relayed as ${judged.relay}`;
};

describe('a question of a server', () => {
  test('goes on with the server’s name in front of its text, and nothing else changed', () => {
    const more = { requestedSchema: { type: 'object', 'x-kept': [1] }, other: null };
    const asked = { method: 'elicitation/create', params: { mode: 'form', message: 'Who?', ...more } };
    expect(question(asked, RULES)).toEqual({
      kind: 'relayed',
      relay: 'elicitation',
      request: {
        method: 'elicitation/create',
        params: { mode: 'form', message: 'From the server crm: Who?', ...more },
      },
    });
    expect(question(SAMPLE, RULES)).toMatchObject({
      request: { params: { messages: [], maxTokens: 3, systemPrompt: 'From the server crm: Be brief.' } },
    });
    expect(question(ROOTS, RULES)).toEqual({ kind: 'relayed', relay: 'roots', request: ROOTS });
  });

  test('keeps its `_meta`, without the progress token of its own hop', () => {
    const asked = { method: 'roots/list', params: { _meta: { progressToken: 1, 'vendor/x': 2 } } };
    expect(question(asked, RULES)).toMatchObject({ request: { params: { _meta: { 'vendor/x': 2 } } } });
    const bare = { method: 'roots/list', params: { _meta: { progressToken: 1 } } };
    expect(question(bare, RULES)).toMatchObject({ request: ROOTS });
  });

  test.each([
    ['elicitation', FORM],
    ['elicitation_url', page('https://idp.example/in')],
    ['sampling', SAMPLE],
    ['roots', ROOTS],
  ] as const)('of the kind %s needs config to say so', (kind, asked) => {
    expect(reasonOf(asked)).toBe(`relayed as ${kind}`);
    const others = ALL.filter((one) => one !== kind);
    expect(reasonOf(asked, { ...RULES, relays: others })).toContain(`add "${kind}" to its "relay"`);
  });

  test.each([
    [FORM, { elicitation: { url: {} } }],
    [page('https://idp.example/in'), { elicitation: {} }],
    [page('https://idp.example/in'), { elicitation: { form: {} } }],
    [SAMPLE, { elicitation: {} }],
    [ROOTS, {}],
    [{ ...SAMPLE, params: { ...SAMPLE.params, tools: [] } }, { sampling: {} }],
  ])('needs a client that declared it: $method', (asked, declared: JsonObject) => {
    expect(reasonOf(asked, { ...RULES, declared: declared as typeof DECLARED })).toContain('did not declare');
  });

  test.each([
    'https://gate.example/approvals/apr_1',
    'https://GATE.example./x',
    'http://gate.example/x',
    'https://user@idp.example/',
    'https://gate.example@idp.example/',
    'javascript:alert(1)',
    'data:text/html,x',
    'not a url',
  ])('that would lead to %s is refused', (url) => {
    expect(reasonOf(page(url))).toContain('its "url"');
  });

  test.each([
    'http://localhost:4000/x',
    'http://127.0.0.1:4000/x',
    'http://[::1]:4000/',
    'http://a.localhost:4000/',
    'http://0.0.0.0:4000/',
    'http://[::]:4000/',
    'http://[::ffff:0.0.0.0]:4000/',
  ])('does not reach the gateway on this machine by another name: %s', (url) => {
    const local = { ...RULES, publicOrigin: 'http://localhost:4000' };
    expect(reasonOf(page(url), local)).toContain('Countersign itself');
    expect(reasonOf(page(url.replace('4000', '4001')), local)).toBe('relayed as elicitation_url');
  });

  test('that bears the id of an approval is refused', () => {
    const url = 'https://idp.example/in';
    expect(reasonOf(page(url, { elicitationId: 'apr_1' }))).toContain('elicitationId');
    expect(reasonOf(page(url, { elicitationId: 'x1' }))).toBe('relayed as elicitation_url');
  });

  test('for a task of the client, or of no known method, is refused', () => {
    expect(reasonOf({ ...SAMPLE, params: { ...SAMPLE.params, task: { ttl: 1 } } })).toContain('task');
    expect(reasonOf({ method: 'ping', params: {} })).toContain('nothing that a server may ask');
  });
});

describe('what a server is told that it can ask', () => {
  test.each([
    [DECLARED, ALL, { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} }],
    [DECLARED, [], {}],
    [DECLARED, ['elicitation_url'], { elicitation: { url: {} } }],
    [{ elicitation: {} }, ALL, { elicitation: { form: {} } }],
    [{ elicitation: { url: {} } }, ['elicitation', 'sampling'], {}],
    [{ sampling: { tools: {} }, other: {} }, ALL, { sampling: { tools: {} } }],
  ] as const)('is what %j leaves of %j', (declared, relays, left) => {
    expect(askable(declared as JsonObject, relays)).toEqual(left);
  });
});

describe('the kind of an answer', () => {
  test.each([
    ['elicitation', { result: { action: 'accept', content: { approved: true } } }, 'accept'],
    ['elicitation', { result: { action: 'decline' } }, 'decline'],
    ['elicitation_url', { result: { action: 'cancel' } }, 'cancel'],
    ['elicitation', { result: { action: 'approve' } }, undefined],
    ['elicitation', { result: {} }, undefined],
    ['sampling', { result: { action: 'accept' } }, 'result'],
    ['roots', { error: { code: 1, message: 'no' } }, 'error'],
  ] as const)('to %s: %j is %s', (relay, answer, kind) => {
    expect(answerKind(relay, answer)).toBe(kind);
  });
});
