import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { connectV1, connectV2 } from '../support/agents.ts';
import { createLibrary, type Library } from '../support/downstreams/library.ts';
import { BASE_POLICY, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { mint } from './support/sessions.ts';
import { bothWires, type Wire } from './support/wire.ts';

const RESOURCES: JsonObject[] = [
  { uri: 'note:open', name: 'open', icons: [{ src: 'https://example.com/i.png' }], 'x-kept': [1] },
  { uri: 'note:asked', name: 'asked' },
  { uri: 'note:secret', name: 'secret' },
];
const TEMPLATES: JsonObject[] = [{ uriTemplate: 'row:{table}/{id}', name: 'row' }];
const PROMPTS: JsonObject[] = [
  { name: 'greet', arguments: [{ name: 'who', required: true }], 'x-kept': true },
  { name: 'hidden' },
];
const POLICY = `${BASE_POLICY}  - id: notes
    match: { kinds: [resource], tools: ["library/note:open", "library/row:*"] }
    effect: allow
  - id: secret
    match: { kinds: [resource], tools: ["library/note:secret", "library/row:secret/*"] }
    effect: deny
    reason: Nobody reads this.
  - id: greet
    match: { kinds: [prompt], tools: ["library/greet"] }
    effect: allow
`;
const STRANGE =
  '{"contents":[{"uri":"note:open","text":"x","big":123456789012345678901234567890}],"unknown":1}';

let gateway: TestGateway;
let library: Library;
let wires: readonly Wire[];

beforeAll(async () => {
  library = createLibrary({
    resources: RESOURCES,
    templates: TEMPLATES,
    prompts: PROMPTS,
    answers: { 'note:open': STRANGE },
  });
  gateway = await startTestGateway({ policy: POLICY, servers: { library: library.entry } });
  wires = await bothWires(gateway.app.session.mcp);
});

afterAll(async () => {
  await gateway.close();
  library.remove();
});

const sent = (method: string): number => library.requests(method).length;

describe('lists', () => {
  test('show what policy leaves open, with every member', async () => {
    for (const wire of wires) {
      const list = async (method: string) => (await wire.request(method)).message.result;
      expect((await list('resources/list')).resources).toEqual([RESOURCES[0]]);
      expect((await list('resources/templates/list')).resourceTemplates).toEqual(TEMPLATES);
      expect((await list('prompts/list')).prompts).toEqual([PROMPTS[0]]);
    }
    const { result } = (await wires[0]?.request('resources/list'))?.message ?? {};
    expect(result).toMatchObject({ resultType: 'complete', cacheScope: 'private', ttlMs: 0 });
  });

  test('show what the scope covers', async () => {
    const session = await mint(gateway, { tools: ['oracle/*', 'prompt:library/*'] });
    for (const wire of await bothWires(session.access)) {
      expect((await wire.request('resources/list')).message.result.resources).toEqual([]);
      expect((await wire.request('prompts/list')).message.result.prompts).toEqual([PROMPTS[0]]);
    }
  });
});

describe('reading', () => {
  test('passes what policy allows, and the answer as it is', async () => {
    for (const wire of wires) {
      const resource = (await wire.request('resources/read', { uri: 'note:open' })).message.result;
      expect(resource).toMatchObject(JSON.parse(STRANGE));
      const row = (await wire.request('resources/read', { uri: 'row:users/7' })).message.result;
      expect(row.contents[0].text).toBe('the text of row:users/7');
      const prompt = (await wire.request('prompts/get', { name: 'greet', arguments: { who: 'you' } })).message
        .result;
      expect(prompt.messages[0].content.text).toBe('greet {"who":"you"}');
    }
  });

  test('sends only the members that were judged, and the caller’s own _meta', async () => {
    const more = { approved: true, task: { ttl: 1 } };
    for (const wire of wires) {
      const before = sent('resources/read');
      await wire.request('resources/read', { uri: 'note:open', ...more }, { meta: { traceparent: '00-1' } });
      const message: any = library.requests('resources/read')[before];
      expect(message.params).toEqual({ uri: 'note:open', _meta: { traceparent: '00-1' } });
    }
  });

  test.each([
    [
      'resources/read',
      { uri: 'note:asked' },
      'The resource note:asked was not read: nobody can be asked about a resource',
    ],
    [
      'resources/read',
      { uri: 'note:secret' },
      'The resource note:secret was not read: policy denies it (Nobody reads this.)',
    ],
    [
      'resources/read',
      { uri: 'row:secret/1' },
      'The resource row:secret/1 was not read: policy denies it (Nobody reads this.)',
    ],
    ['prompts/get', { name: 'hidden' }, 'The prompt hidden was not read: nobody can be asked about a prompt'],
  ])('%s of %o is denied with a reason, recorded, and sends nothing', async (method, params, words) => {
    for (const wire of wires) {
      const before = sent(method);
      const { error } = (await wire.request(method, params)).message;
      expect(error).toMatchObject({ code: -32000, data: { code: 'denied_by_policy' } });
      expect(error.message).toContain(words);
      expect(error.message).toContain('An operator can allow it');
      expect(sent(method)).toBe(before);
    }
    const logs = await gateway.api('GET', '/v1/logs?limit=10');
    expect(JSON.stringify(logs.body)).toContain('call.denied');
  });

  test.each([
    ['resources/read', { uri: 'note:none' }, 'Unknown resource: note:none'],
    ['resources/read', { uri: 'row:{table}/1' }, 'Unknown resource: row:{table}/1'],
    ['resources/read', {}, 'params.uri: expected the URI of a resource, as text'],
    ['prompts/get', { name: 'none' }, 'Unknown prompt: none'],
    ['prompts/get', {}, 'params.name: expected the name of a prompt, as text'],
    [
      'completion/complete',
      { ref: { type: 'ref/none' }, argument: { name: 'a', value: '' } },
      'params.ref: expected',
    ],
  ])('%s of %o says what is wrong', async (method, params, words) => {
    const { error } = (await wires[1]?.request(method, params))?.message ?? {};
    expect(error.code).toBe(-32602);
    expect(error.message).toContain(words);
  });

  test('outside the scope is the same as not being there', async () => {
    const session = await mint(gateway, { tools: ['oracle/*'] });
    for (const wire of await bothWires(session.access)) {
      const read = async (uri: string) =>
        JSON.stringify((await wire.request('resources/read', { uri })).message.error);
      const [outside, unknown] = [await read('note:open'), await read('note:none')];
      expect(unknown).toContain('note:none');
      expect(outside).toBe(unknown.replaceAll('note:none', 'note:open'));
      const get = async (name: string) => (await wire.request('prompts/get', { name })).message.error;
      const [hidden, none] = [await get('greet'), await get('none')];
      expect(hidden).toEqual({ ...none, message: none.message.replace('none', 'greet') });
    }
    expect(sent('prompts/get')).toBe(2);
  });
});

test('completion is judged as a read of what it completes', async () => {
  const argument = { name: 'who', value: 'o' };
  for (const wire of wires) {
    for (const ref of [
      { type: 'ref/prompt', name: 'greet' },
      { type: 'ref/resource', uri: 'row:{table}/{id}' },
    ]) {
      const reply = await wire.request('completion/complete', { ref, argument });
      expect(reply.message.result.completion.values).toEqual(['one', 'two']);
    }
    const before = sent('completion/complete');
    const denied = await wire.request('completion/complete', {
      ref: { type: 'ref/prompt', name: 'hidden' },
      argument,
    });
    expect(denied.message.error.data.code).toBe('denied_by_policy');
    expect(sent('completion/complete')).toBe(before);
  }
});

test('the SDK’s clients read resources and prompts', async () => {
  const { mcp } = gateway.app.session;
  for (const client of [await connectV1(mcp), await connectV2(mcp, 'auto'), await connectV2(mcp, 'legacy')]) {
    const { contents } = await client.readResource({ uri: 'row:users/1' });
    expect(contents[0]).toMatchObject({ text: 'the text of row:users/1' });
    const { messages } = await client.getPrompt({ name: 'greet', arguments: { who: 'me' } });
    expect(messages).toHaveLength(1);
    expect((await client.listResourceTemplates()).resourceTemplates).toHaveLength(1);
    await expect(client.readResource({ uri: 'note:secret' })).rejects.toThrow('Nobody reads this');
    await client.close();
  }
});
