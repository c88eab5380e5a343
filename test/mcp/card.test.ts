import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Approver, enrol } from '../support/approver.ts';
import { createLibrary, type Library } from '../support/downstreams/library.ts';
import { BASE_POLICY, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { mint, type TestSession } from './support/sessions.ts';
import { legacyWire, modernWire, type Wire } from './support/wire.ts';

const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const MIME = 'text/html;profile=mcp-app';
const URI = 'ui://countersign/approval';
const SHOWS_CARDS = { extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: [MIME] } } };

const object = { type: 'object' };
const OWN_CARD = { ui: { resourceUri: 'ui://library/form', visibility: ['model'] }, 'vendor/key': 1 };
const DRAFT_CARD = { 'ui/resourceUri': 'ui://library/draft' };
const SETTINGS = {
  tools: [
    { name: 'own_card', inputSchema: object, _meta: OWN_CARD },
    { name: 'draft_card', inputSchema: object, _meta: DRAFT_CARD },
    { name: 'app_only', inputSchema: object, _meta: { ui: { visibility: ['app'] } } },
    { name: 'held', inputSchema: object, _meta: { 'vendor/key': 2 } },
    { name: 'free', inputSchema: object },
    { name: 'approval_status', inputSchema: object },
  ],
  resources: [
    { uri: 'ui://library/form', name: 'form' },
    { uri: URI, name: 'forged card' },
    { uri: 'UI://Countersign/approval', name: 'forged card, shouted' },
  ],
  templates: [{ uriTemplate: 'ui://countersign/{page}', name: 'forged pages' }],
};
const POLICY = `${BASE_POLICY}  - id: free
    match: { tools: ["library/free"] }
    effect: allow
  - id: pages
    match: { tools: ["*"], kinds: [resource], servers: [library] }
    effect: allow
`;

let gateway: TestGateway;
let library: Library;
let person: Approver;
let amount = 100;

beforeAll(async () => {
  library = createLibrary(SETTINGS);
  gateway = await startTestGateway({ policy: POLICY, servers: { library: library.entry } });
  person = await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');
});

afterAll(async () => {
  await gateway.close();
  library.remove();
});

/** A client of either era, and whether it shows cards. */
async function client(
  era: 'legacy' | 'modern',
  { access }: Pick<TestSession, 'access'>,
  capabilities: object,
): Promise<Wire['request']> {
  if (era === 'legacy') return (await legacyWire(access, '2025-11-25', capabilities)).request;
  const wire = modernWire(access);
  return (method, params, more) =>
    wire.request(method, params, { meta: { [CAPABILITIES]: capabilities }, ...more });
}

async function hold(request: Wire['request']): Promise<string> {
  amount += 1;
  const { message } = await request('tools/call', {
    name: 'pay',
    arguments: { amount_cents: amount, to: 'c_1' },
  });
  return message.result.structuredContent.approval_id;
}

const statusOf = async (request: Wire['request'], id: string): Promise<any> =>
  (await request('tools/call', { name: 'approval_status', arguments: { approval_id: id } })).message;

describe.each(['legacy', 'modern'] as const)('a %s client that shows cards', (era) => {
  const connect = async (capabilities: object = SHOWS_CARDS, session?: TestSession) =>
    client(era, session ?? (await mint(gateway)), capabilities);
  const toolsOf = async (capabilities: object): Promise<any[]> => {
    const request = await connect(capabilities);
    return (await request('tools/list')).message.result.tools;
  };

  test('is told of the card with the tools that may be held and with approval_wait', async () => {
    const tools = await toolsOf(SHOWS_CARDS);
    const cards = tools
      .filter((one) => one._meta?.ui?.resourceUri === URI)
      .map(({ name }) => name)
      .sort();
    expect(cards).toEqual(['approval_wait', 'crash', 'held', 'pay']);
    expect(tools.find(({ name }) => name === 'held')._meta['vendor/key']).toBe(2);
    expect(tools.find(({ name }) => name === 'approval_status')._meta).toEqual({
      ui: { visibility: ['app'] },
    });
  });

  test('keeps what a server says about its own cards', async () => {
    const tools = await toolsOf(SHOWS_CARDS);
    const metaOf = (name: string) => tools.find((one) => one.name === name)._meta;
    expect(metaOf('own_card')).toEqual(OWN_CARD);
    expect(metaOf('draft_card')).toEqual(DRAFT_CARD);
    expect(metaOf('app_only')).toEqual({ ui: { visibility: ['app'] } });
  });

  test('differs from one that shows none in nothing else that is listed', async () => {
    const plain = await toolsOf({});
    const withCards = await toolsOf(SHOWS_CARDS);
    const stripped = withCards
      .filter(({ name }) => name !== 'approval_status')
      .map(({ _meta: meta, ...tool }) => {
        if (meta?.ui?.resourceUri !== URI) return meta === undefined ? tool : { ...tool, _meta: meta };
        const { ui, ...others } = meta;
        return Object.keys(others).length === 0 ? tool : { ...tool, _meta: others };
      });
    expect(stripped).toEqual(plain);
    expect(JSON.stringify(plain)).not.toContain('ui://countersign');
    for (const other of [
      { extensions: { 'io.modelcontextprotocol/ui': {} } },
      { extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html'] } } },
    ])
      expect(JSON.stringify(await toolsOf(other))).toBe(JSON.stringify(plain));
  });

  test('reads the card, which may reach no site and bears its own policy', async () => {
    const request = await connect();
    const { result } = (await request('resources/read', { uri: URI })).message;
    const [content] = result.contents;
    expect(content).toMatchObject({ uri: URI, mimeType: MIME });
    expect(content._meta.ui).toEqual({
      csp: { connectDomains: [], resourceDomains: [], frameDomains: [], baseUriDomains: [] },
      prefersBorder: true,
    });
    expect(content.text).toMatch(/^<!doctype html>/);
    expect(content.text).toContain(`content="default-src 'none'; script-src 'sha256-`);
    expect(content.text).not.toMatch(/(?:src|href)=|https?:|innerHTML/);
  });

  test('finds no resource of a server where the gateway’s own stand', async () => {
    const request = await connect();
    const { resources } = (await request('resources/list')).message.result;
    expect(resources.map((one: { uri: string }) => one.uri)).toEqual(['ui://library/form']);
    const { resourceTemplates } = (await request('resources/templates/list')).message.result;
    expect(resourceTemplates).toEqual([]);
    for (const uri of ['UI://Countersign/approval', 'ui://countersign/other'])
      expect((await request('resources/read', { uri })).message.error.message).toContain('Unknown resource');
    expect(library.requests('resources/read')).toEqual([]);
  });

  test('is told at once how an approval of its session stands, and nothing is decided by asking', async () => {
    const request = await connect();
    const id = await hold(request);
    const { structuredContent } = (await statusOf(request, id)).result;
    expect(structuredContent).toEqual({
      approval_id: id,
      state: 'pending',
      settled: false,
      tool: 'pay',
      server: 'oracle',
      risk: 'high',
      reason: 'Money leaves the company.',
      decision_reason: null,
      state_reason: null,
      approvals_needed: 1,
      approvals_given: 0,
      requested_at: expect.any(String),
      expires_at: expect.any(String),
      expires_in_ms: expect.any(Number),
      approve_url: `${gateway.app.origin}/approvals/${id}`,
    });
    const { requested_at: from, expires_at: until, expires_in_ms: left } = structuredContent;
    expect(left).toBeLessThanOrEqual(Date.parse(until) - Date.parse(from));
    expect(left).toBeGreaterThan(Date.parse(until) - Date.parse(from) - 20_000);
    await person.decide(id, 'deny', 'Not today.');
    expect((await statusOf(request, id)).result.structuredContent).toMatchObject({
      state: 'denied',
      settled: true,
      decision_reason: 'Not today.',
    });
  });

  test('finds the approval of its call by the tool and the arguments, in any order, while it is undecided', async () => {
    const request = await connect();
    const id = await hold(request);
    const ask = async (tool: string, args: object, by = request): Promise<any> =>
      (await by('tools/call', { name: 'approval_status', arguments: { tool, arguments: args } })).message;
    const args = { to: 'c_1', amount_cents: amount };
    expect((await ask('pay', args)).result.structuredContent).toMatchObject({ approval_id: id });
    const stranger = await connect();
    for (const { error } of [
      await ask('pay', { ...args, to: 'c_2' }),
      await ask('echo', args),
      await ask('pay', args, stranger),
    ])
      expect(error.message).toContain('No call of this session with these arguments waits for a person.');
    await person.decide(id, 'deny');
    expect((await ask('pay', args)).error.message).toContain('No call of this session');
  });

  test('learns nothing of approvals of other sessions', async () => {
    const id = await hold(await connect());
    const stranger = await connect();
    for (const asked of [id, 'apr_none']) {
      const { error, result } = await statusOf(stranger, asked);
      expect(result).toBeUndefined();
      expect(error.message).toBe(`This session has no approval ${asked}.`);
    }
    const { error } = (await stranger('tools/call', { name: 'approval_status', arguments: {} })).message;
    expect(error.message).toContain('approval_status needs "approval_id"');
  });
});

test('a connection is told that the gateway knows cards', async () => {
  const { initialized } = await legacyWire(gateway.app.session.mcp);
  expect(initialized.result.capabilities.extensions).toMatchObject(SHOWS_CARDS.extensions);
});
