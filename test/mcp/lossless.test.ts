import { Client as ModernClient } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernPipes } from '@modelcontextprotocol/client/stdio';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as LegacyPipes } from '@modelcontextprotocol/sdk/client/stdio.js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { canonicalize } from '../../src/core/canonical.ts';
import type { JsonObject, JsonValue } from '../../src/core/json.ts';
import { sliceMembers } from '../../src/core/json-slice.ts';
import type { Era } from '../../src/mcp/request.ts';
import { connectV1, connectV2 } from '../support/agents.ts';
import { BASE_POLICY, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { type Corpus, httpCorpus, stdioCorpus } from './support/corpus.ts';
import { ERRORS, READINGS, RESULTS, TOOLS } from './support/corpus-answers.ts';
import { inOrder, SERVER_INFO, unstamped } from './support/unstamped.ts';
import { bothWires, type Wire, type WireReply } from './support/wire.ts';

const POLICY = `${BASE_POLICY}  - id: corpus
    match: { tools: ["corpus/*"], kinds: [tool, resource, prompt] }
    effect: allow
`;
const CORPORA: readonly (readonly [string, Era, (era: Era) => Corpus | Promise<Corpus>])[] = [
  ['stdio', 'legacy', stdioCorpus],
  ['stdio', 'modern', stdioCorpus],
  ['http', 'legacy', httpCorpus],
  ['http', 'modern', httpCorpus],
];

async function startGateway(corpus: Corpus): Promise<TestGateway> {
  const gateway = await startTestGateway({
    policy: POLICY,
    oracle: false,
    servers: { corpus: corpus.entry },
  });
  onTestFinished(() => gateway.close());
  return gateway;
}

/** The members of an object's text, each as it stands there; of `_meta` all but what names the server of the hop. */
function memberTexts(raw: string): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, { start, end }] of sliceMembers(raw) ?? []) texts[name] = raw.slice(start, end);
  delete texts[SERVER_INFO];
  return texts;
}

function resultTexts(raw: string): Record<string, string> {
  const { _meta = '{}', resultType: _type, ttlMs: _ttl, cacheScope: _scope, ...members } = memberTexts(raw);
  const meta = Object.entries(memberTexts(_meta)).map(([name, text]) => [`_meta.${name}`, text] as const);
  return { ...members, ...Object.fromEntries(meta) };
}

/** The text of one member of the answer, which is the last event, after the progress, where the answer is a stream. */
function answered({ text, headers }: WireReply, member: 'result' | 'error', isStreamed: boolean): string {
  expect(headers.get('content-type')).toBe(isStreamed ? 'text/event-stream' : 'application/json');
  const message = isStreamed ? (/data: ([^\n]*)\n\n$/.exec(text)?.[1] ?? '') : text;
  return memberTexts(message)[member] ?? `no ${member} in ${text.slice(0, 200)}`;
}

async function expectRaw(wire: Wire): Promise<void> {
  for (const isStreamed of [false, true]) {
    const meta = isStreamed ? { progressToken: 'p' } : {};
    const why = `${wire.era} wire, streamed: ${isStreamed}`;
    for (const [name, raw] of Object.entries(RESULTS)) {
      const reply = await wire.request('tools/call', { name, arguments: {} }, { meta });
      expect(resultTexts(answered(reply, 'result', isStreamed)), `${name}, ${why}`).toEqual(resultTexts(raw));
    }
    for (const [name, raw] of Object.entries(ERRORS)) {
      const reply = await wire.request('tools/call', { name, arguments: {} }, { meta });
      expect(answered(reply, 'error', isStreamed), `${name}, ${why}`).toBe(raw);
    }
    const reads = [
      ['resources/read', 'uri', 'corpus://odd'],
      ['prompts/get', 'name', 'odd_prompt'],
    ] as const;
    for (const [method, key, name] of reads) {
      const reply = await wire.request(method, { [key]: name }, { meta });
      expect(resultTexts(answered(reply, 'result', isStreamed)), `${name}, ${why}`).toEqual(
        resultTexts(READINGS[name] ?? ''),
      );
    }
  }
}

async function expectLists(wire: Wire): Promise<void> {
  const { tools } = (await wire.request('tools/list')).message.result;
  const found = new Map<string, JsonObject>(tools.map((tool: JsonObject) => [String(tool.name), tool]));
  for (const tool of TOOLS)
    expect(canonicalize(found.get(String(tool.name)) ?? null), String(tool.name)).toBe(canonicalize(tool));
  expect((await wire.request('resources/list')).message.result.resources).toEqual([
    { uri: 'corpus://odd', name: 'odd', 'x-unknown': [1], icons: [{ src: 'data:,' }] },
  ]);
  expect((await wire.request('prompts/list')).message.result.prompts).toEqual([
    { name: 'odd_prompt', 'x-unknown': { a: null }, _meta: { 'v/x': 1 } },
  ]);
}

type SdkClient = LegacyClient | ModernClient;

async function connectDirectly(corpus: Corpus, version: 'v1' | 'v2', era: Era): Promise<SdkClient> {
  if ('url' in corpus.entry) {
    const access = { url: corpus.entry.url, headers: {} };
    return version === 'v1' ? connectV1(access) : connectV2(access, era);
  }
  if (version === 'v1') {
    const client = new LegacyClient({ name: 'direct', version: '1' });
    await client.connect(new LegacyPipes(corpus.entry));
    return client;
  }
  const mode = era === 'legacy' ? ('legacy' as const) : { pin: '2026-07-28' as const };
  const client = new ModernClient({ name: 'direct', version: '1' }, { versionNegotiation: { mode } });
  await client.connect(new ModernPipes(corpus.entry));
  return client;
}

/** All that an SDK client gets to see of the corpus: definitions, results, and the errors that it makes of the rest. */
async function seenBy(client: SdkClient): Promise<Record<string, string>> {
  onTestFinished(() => client.close());
  const seen: Record<string, string> = {};
  const note = async (name: string, ask: () => Promise<unknown>): Promise<void> => {
    seen[name] = await ask().then(
      (value) => inOrder(unstamped(value as JsonObject)),
      (error: { code?: JsonValue; message: string; data?: JsonValue }) =>
        inOrder({ code: error.code ?? null, message: error.message, data: error.data ?? null }),
    );
  };
  const { tools } = await client.listTools();
  for (const tool of tools) if (tool.name !== 'approval_wait') seen[`list ${tool.name}`] = inOrder(tool);
  for (const name of [...Object.keys(RESULTS), ...Object.keys(ERRORS)])
    await note(name, () => client.callTool({ name, arguments: {} }));
  await note('reading', () => client.readResource({ uri: 'corpus://odd' }));
  await note('prompt', () => client.getPrompt({ name: 'odd_prompt' }));
  return seen;
}

describe.each(CORPORA)(
  'a %s server of the %s era whose every byte is odd',
  (_transport, serverEra, start) => {
    test('is listed and answers on the raw wire of both eras as it was written, streamed or not', async () => {
      const gateway = await startGateway(await start(serverEra));
      for (const wire of await bothWires(gateway.app.session.mcp)) {
        await expectLists(wire);
        await expectRaw(wire);
      }
    });

    test('looks the same to SDK clients as without the gateway', async () => {
      const corpus = await start(serverEra);
      const gateway = await startGateway(corpus);
      const { mcp } = gateway.app.session;
      const pairs =
        serverEra === 'modern'
          ? ([['v2', () => connectV2(mcp, 'modern')]] as const)
          : ([
              ['v1', () => connectV1(mcp)],
              ['v2', () => connectV2(mcp, 'legacy')],
            ] as const);
      for (const [version, connect] of pairs) {
        const direct = await seenBy(await connectDirectly(corpus, version, serverEra));
        expect(Object.keys(direct).length).toBeGreaterThan(1_000);
        expect(await seenBy(await connect()), version).toEqual(direct);
      }
    });
  },
);
