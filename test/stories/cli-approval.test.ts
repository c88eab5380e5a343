import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectV1 } from '../support/agents.ts';
import { type Approver, enrol } from '../support/approver.ts';
import { BASE_POLICY } from '../support/gateway.ts';
import { ndjson, openTerminal, oracleConfig, type Terminal } from './cli-terminal.ts';

const POLICY = `${BASE_POLICY}  - id: hurried
    match: { tools: ["oracle/crash"] }
    effect: hold
    approval: { expires: 1s }
`;

let terminal: Terminal;
let ready: any;
let person: Approver;
let payments = 0;

beforeAll(async () => {
  terminal = await openTerminal();
  const config = await terminal.write('mcp.json', oracleConfig(join(terminal.dir, 'witness.jsonl')));
  await terminal.write('policies/policy.yaml', POLICY);
  ({ ready } = await terminal.up('--config', config, '--policies', join(terminal.dir, 'policies')));
  person = await enrol(ready.origin, ready.enrol_url);
});
afterAll(() => terminal.close());

async function callAs(
  access: typeof ready.session.mcp,
  call: { name: string; arguments: object },
): Promise<any> {
  const client = await connectV1(access);
  try {
    return await client.callTool(call as Parameters<typeof client.callTool>[0]);
  } finally {
    await client.close();
  }
}

async function freeze(name = 'pay'): Promise<string> {
  payments += 1;
  const args = name === 'pay' ? { amount_cents: payments, to: 'c_1' } : {};
  const held = await callAs(ready.session.mcp, { name, arguments: args });
  return held.structuredContent.approval_id;
}

describe('a session from the command line', () => {
  it('is minted, used, listed and revoked, and then opens nothing', async () => {
    const minted = await terminal.run([
      ...[
        'session',
        'mint',
        '--user',
        'ann',
        '--ttl',
        '30m',
        '--tools',
        'oracle/echo',
        '--label',
        'team=support',
      ],
      ...['--call-cap', '5', '--json'],
    ]);
    expect(minted.code).toBe(0);
    const session = ndjson(minted)[0];
    expect(session).toMatchObject({
      subject: 'ann',
      tools: ['oracle/echo'],
      labels: { team: 'support' },
      call_cap: 5,
      state: 'active',
    });
    const said = await callAs(session.mcp, { name: 'echo', arguments: { text: 'hello' } });
    expect(said.content[0].text).toBe('hello');
    await terminal.run(['session', 'mint', '--user', 'bob']);

    const listed = await terminal.run(['session', 'list', '--user', 'ann', '--json']);
    expect(ndjson(listed)[0]).toMatchObject({
      data: [{ id: session.id, subject: 'ann', calls: 1, state: 'active' }],
      has_more: false,
    });
    expect(listed.stdout).not.toContain('cst_');

    const revoked = await terminal.run(['session', 'revoke', session.id, '--reason', 'the run is over']);
    expect([revoked.code, revoked.stdout]).toEqual([0, expect.stringContaining('the run is over')]);
    const refused = await fetch(session.mcp.url, {
      method: 'POST',
      headers: {
        ...session.mcp.headers,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
    });
    expect(refused.status).toBe(404);
  });

  it('is refused with the option that is wrong', async () => {
    const wrong = await terminal.run(['session', 'mint', '--ttl', 'soon']);
    expect([wrong.code, wrong.stdout]).toEqual([2, '']);
    expect(wrong.stderr).toContain('--ttl: expected a duration');
    const unscoped = await terminal.run(['session', 'mint', '--tools', '**bad pattern**']);
    expect(unscoped.code).toBe(2);
    expect(unscoped.stderr).toContain('tools');
  });
});

describe('an approval from the command line', () => {
  it('is listed and shown with the frozen call', async () => {
    const id = await freeze();
    const listed = await terminal.run(['approval', 'list', '--state', 'pending', '--json']);
    expect(listed.code).toBe(0);
    expect(ndjson(listed)[0].data.map((one: { id: string }) => one.id)).toContain(id);
    const shown = await terminal.run(['approval', 'get', id]);
    expect(shown.code).toBe(0);
    for (const text of [
      id,
      'pending',
      'oracle/pay',
      'payments (policy.yaml:',
      'Money leaves',
      'amount_cents',
    ])
      expect(shown.stdout).toContain(text);
    const missing = await terminal.run(['approval', 'get', 'apr_none']);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('apr_none')]);
  });

  it('cannot be given by a terminal: approve and deny print the page and end with 5', async () => {
    const id = await freeze();
    for (const decision of ['approve', 'deny']) {
      const refused = await terminal.run(['approval', decision, id]);
      expect([refused.code, refused.stdout]).toEqual([5, `${ready.origin}/approvals/${id}\n`]);
      expect(refused.stderr).toContain('passkey');
    }
    const shown = await terminal.run(['approval', 'get', id, '--json']);
    expect(ndjson(shown)[0].state).toBe('pending');
  });

  it('that is waited for too shortly ends with 5', async () => {
    const waited = await terminal.run(['approval', 'wait', await freeze(), '--timeout', '200ms', '--json']);
    expect([waited.code, ndjson(waited)[0].state]).toEqual([5, 'pending']);
  });

  it('that is approved meanwhile ends with 0 and the result', async () => {
    const id = await freeze();
    const waiting = terminal.run(['approval', 'wait', id, '--timeout', '15s', '--json']);
    await person.decide(id, 'approve');
    const waited = await waiting;
    expect([waited.code, ndjson(waited)[0].state]).toEqual([0, 'succeeded']);
    expect(ndjson(waited)[0].result.text).toContain(`paid ${payments} cents`);
  });

  it('that is denied ends with 3 and the reason', async () => {
    const id = await freeze();
    const waiting = terminal.run(['approval', 'approve', id, '--wait', '--timeout', '15s']);
    await person.decide(id, 'deny', 'not this customer');
    const waited = await waiting;
    expect([waited.code, waited.stdout]).toEqual([3, expect.stringContaining('not this customer')]);
  });

  it('that runs out ends with 6', async () => {
    const id = await freeze('crash');
    const waited = await terminal.run(['approval', 'wait', id, '--timeout', '15s', '--json']);
    expect([waited.code, ndjson(waited)[0].state]).toEqual([6, 'expired']);
  });
});

describe('a key from the command line', () => {
  it('works until it is revoked, within its roles, and then ends commands with 4', async () => {
    const created = await terminal.run(['key', 'create', '--name', 'ci', '--role', 'reader', '--json']);
    const { id, key } = ndjson(created)[0];
    const env = { COUNTERSIGN_API_KEY: key };
    expect((await terminal.run(['approval', 'list'], env)).code).toBe(0);
    const beyond = await terminal.run(['session', 'mint'], env);
    expect([beyond.code, beyond.stderr]).toEqual([4, expect.stringContaining('minter or operator')]);

    const listed = await terminal.run(['key', 'list', '--json']);
    expect(listed.stdout).toContain(id);
    expect(listed.stdout).not.toContain(key);
    expect((await terminal.run(['key', 'revoke', id])).code).toBe(0);
    const refused = await terminal.run(['approval', 'list', '--json'], env);
    expect([refused.code, refused.stdout]).toEqual([4, '']);
    expect(JSON.parse(refused.stderr).error).toMatchObject({
      code: 'unauthenticated',
      request_id: expect.stringMatching(/^req_/),
    });
  });

  it('that is nowhere to be found, or a gateway that is not, is told with what to do', async () => {
    const elsewhere = ['--data-dir', join(terminal.dir, 'nowhere')];
    const unknown = await terminal.run(['approval', 'list', ...elsewhere]);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('countersign up')]);
    const keyless = await terminal.run(['approval', 'list', '--url', ready.origin, ...elsewhere]);
    expect([keyless.code, keyless.stderr]).toEqual([4, expect.stringContaining('COUNTERSIGN_API_KEY')]);
    const absent = ['--url', 'http://localhost:9', '--api-key', 'cs_x'];
    const unreachable = await terminal.run(['key', 'list', ...absent]);
    expect([unreachable.code, unreachable.stderr]).toEqual([1, expect.stringContaining('countersign up')]);
  });
});
