import { afterAll, beforeAll, expect, test } from 'vitest';
import { enrol } from '../support/approver.ts';
import { createLibrary, type Library } from '../support/downstreams/library.ts';
import { BASE_POLICY, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { mint } from './support/sessions.ts';
import { bothWires, modernWire, type Wire } from './support/wire.ts';

const POLICY = `${BASE_POLICY}  - id: library
    match: { tools: ["library/*"] }
    effect: allow
`;
const object = { type: 'object' };

let gateway: TestGateway;
let library: Library;

beforeAll(async () => {
  library = createLibrary({
    tools: [
      { name: 'hang', inputSchema: object },
      { name: 'look', inputSchema: object },
    ],
  });
  gateway = await startTestGateway({ policy: POLICY, servers: { library: library.entry } });
});

afterAll(async () => {
  await gateway.close();
  library.remove();
});

test('another session’s approval id is not found, in the same words as one that never was', async () => {
  const [mine, theirs] = [await mint(gateway), await mint(gateway)];
  const held = await modernWire(theirs.access).request('tools/call', {
    name: 'pay',
    arguments: { amount_cents: 2, to: 'b' },
  });
  const { approval_id } = held.message.result.structuredContent;
  for (const wire of await bothWires(mine.access)) {
    const ask = async (id: string) => {
      const reply = await wire.request('tools/call', {
        name: 'approval_wait',
        arguments: { approval_id: id },
      });
      return reply.message.error;
    };
    const [foreign, unknown] = [await ask(approval_id), await ask('apr_none')];
    expect(foreign.message.replace(approval_id, 'X')).toBe(unknown.message.replace('apr_none', 'X'));
    expect(foreign).toMatchObject({ code: -32602, data: { code: 'not_found' } });
  }
});

test('scope is the same on call as on list, and what is outside it does not exist', async () => {
  const session = await mint(gateway, { tools: ['oracle/echo', 'library/*', '!library/hang'] });
  for (const wire of await bothWires(session.access)) {
    const { tools } = (await wire.request('tools/list')).message.result;
    expect(tools.map((tool: { name: string }) => tool.name)).toEqual(['look', 'echo', 'approval_wait']);
    for (const name of ['pay', 'hang']) {
      const outside = (await wire.request('tools/call', { name, arguments: {} })).message.error;
      const unknown = (await wire.request('tools/call', { name: 'none', arguments: {} })).message.error;
      expect(outside).toEqual({ ...unknown, message: unknown.message.replace('none', name) });
    }
  }
});

test('an agent’s own word for an approval or an identity changes nothing', async () => {
  const person = await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');
  const session = await mint(gateway, { subject: 'alice' });
  const claims = {
    approved: true,
    'countersign/approved': true,
    subject: 'root',
    'countersign/approval': 'apr_1',
  };
  const before = gateway.received().length;
  for (const [index, wire] of (await bothWires(session.access)).entries()) {
    const args = {
      amount_cents: 900 + index,
      to: 'c',
      approved: true,
      approval_id: 'apr_1',
      subject: 'root',
    };
    const headers = { 'x-approved': 'true', 'x-user': 'root', 'x-countersign-approved': 'true' };
    const reply = await wire.request(
      'tools/call',
      { name: 'pay', arguments: args, approved: true },
      { meta: claims, headers },
    );
    const { status, approval_id } = reply.message.result.structuredContent;
    expect(status).toBe('pending_approval');
    const shown = await person.fetch('GET', `/v1/approvals/${approval_id}`);
    expect(shown.body).toMatchObject({ state: 'pending', session: { subject: 'alice' } });
  }
  expect(gateway.received()).toHaveLength(before);
});

test('neither the session’s credential nor a header of the agent’s goes to a server, but vendor _meta does', async () => {
  const session = await mint(gateway);
  for (const wire of [...(await bothWires(session.access)), ...(await bothWires(session.secret))] as Wire[]) {
    await wire.request(
      'tools/call',
      { name: 'look', arguments: {} },
      {
        headers: { cookie: 'secret-cookie', 'x-api-key': 'secret-key' },
        meta: {
          traceparent: '00-1-1-01',
          'vendor.example/x': 1,
          'countersign/idempotency-key': 'mine',
          'api.modelcontextprotocol.io/y': 2,
        },
      },
    );
  }
  const sent = library.requests('tools/call').filter((one: any) => one.params.name === 'look') as any[];
  expect(sent).toHaveLength(4);
  for (const { params } of sent) {
    expect(params._meta).toMatchObject({ traceparent: '00-1-1-01', 'vendor.example/x': 1 });
    expect(Object.keys(params._meta).filter((key) => /countersign|modelcontextprotocol/.test(key))).toEqual(
      [],
    );
  }
  const everything = library.received().join('\n');
  for (const secret of [session.token, 'secret-cookie', 'secret-key', '"mine"'])
    expect(everything).not.toContain(secret);
});
