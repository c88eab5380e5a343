import { describe, expect, it } from 'vitest';
import { Countersign } from '../../src/sdk/countersign.ts';
import { openTerminal } from '../cli/run-command.ts';
import { modernWire } from '../mcp/support/wire.ts';
import { heldId, PAY, startJourney } from './journey.ts';

const SESSION_TYPE = 'urn:countersign:params:oauth:token-type:session';
const ONLY_PAY = ['oracle/pay', 'oracle/echo'];

async function start() {
  const journey = await startJourney();
  const { gateway } = journey;
  const holder = new Countersign({ baseUrl: gateway.app.origin });
  const operator = new Countersign({ baseUrl: gateway.app.origin, apiKey: gateway.apiKey });
  const tokenOf = (access: { headers: Record<string, string> }) =>
    String(access.headers.Authorization).slice('Bearer '.length);
  const exchange = async (form: Record<string, string>, headers: Record<string, string> = {}) => {
    const response = await fetch(`${gateway.app.origin}/oauth/token`, {
      method: 'POST',
      headers,
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token_type: SESSION_TYPE,
        ...form,
      }),
    });
    return { status: response.status, body: (await response.json()) as any };
  };
  return { ...journey, holder, operator, tokenOf, exchange };
}

describe('the holder of a session', () => {
  it('makes a child that sees and calls less, and whose calls are its subject’s on the ledger', async () => {
    const { gateway, session, agent, holder, tokenOf } = await start();
    const root = await session({ subject: 'ann', tools: ['oracle/*', '!oracle/fail'], call_cap: 10 });
    const child = await holder.sessions.narrow({
      token: tokenOf(root.mcp),
      tools: ['oracle/echo'],
      ttlMs: 60_000,
      callCap: 2,
    });
    expect(child.tools).toEqual(['oracle/echo', '!oracle/fail']);
    expect(Date.parse(child.expiresAt)).toBeLessThanOrEqual(Date.now() + 60_000);
    const names = async (access: typeof root.mcp) =>
      (await modernWire(access).request('tools/list')).message.result.tools
        .map((tool: { name: string }) => tool.name)
        .sort();
    expect(await names(root.mcp)).toContain('pay');
    expect(await names({ ...child.mcp, headers: { ...child.mcp.headers } })).toEqual([
      'approval_wait',
      'echo',
    ]);

    const client = await agent('modern', { ...child.mcp, headers: { ...child.mcp.headers } });
    await expect(client.call('pay', PAY)).rejects.toThrow(/Unknown tool/);
    await client.call('echo', { text: 'one' });
    await client.call('echo', { text: 'two' });
    await expect(client.call('echo', { text: 'three' })).rejects.toThrow(/used all of its 2 calls/);
    const { body } = await gateway.api('GET', `/v1/logs?session=${child.id}&type=call.intent`);
    expect(body.data.map((entry: any) => entry.ref.subject)).toEqual(['ann', 'ann']);
    expect((await gateway.api('GET', `/v1/sessions/${root.id}`)).body).toMatchObject({
      calls: 2,
      parent: null,
      depth: 0,
    });
    expect((await gateway.api('GET', `/v1/sessions/${child.id}`)).body).toMatchObject({
      subject: 'ann',
      parent: root.id,
      depth: 1,
      call_cap: 2,
      minted_by: `session:${root.id}`,
    });
  });

  it('cannot mint wider, renew, or reach what an operator may do', async () => {
    const { gateway, session, holder, tokenOf, exchange } = await start();
    const root = await session({ tools: ONLY_PAY, ttl_ms: 60_000 });
    const token = tokenOf(root.mcp);
    for (const scope of ['*', 'oracle/*', 'pay', 'resource:oracle/*', 'oracle/pay oracle/slow']) {
      const refused = await exchange({ subject_token: token, scope });
      expect([refused.status, refused.body.error]).toEqual([400, 'invalid_scope']);
      expect(refused.body.error_description).toContain('oracle/pay oracle/echo');
    }
    expect(await exchange({ subject_token: token, expires_in: '61' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_request', error_description: expect.stringMatching(/session itself ends at/) },
    });
    await expect(holder.sessions.narrow({ token, tools: [] })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    for (const [method, path, body] of [
      ['POST', '/v1/sessions', {}],
      ['GET', '/v1/sessions', undefined],
      ['POST', `/v1/sessions/${root.id}/revoke`, {}],
      ['POST', '/v1/keys', { name: 'x', roles: ['operator'] }],
      ['POST', '/v1/logs/redact', { subject: 'default' }],
    ] as const) {
      const answered = await gateway.api(method, path, body, { authorization: `Bearer ${token}` });
      expect([path, answered.status]).toEqual([path, 401]);
    }
  });

  it('hears the same about a token that is unknown, expired or revoked', async () => {
    const { gateway, session, tokenOf, exchange } = await start();
    const [lost, late] = [await session(), await session({ ttl_ms: 1_000 })];
    await gateway.api('POST', `/v1/sessions/${lost.id}/revoke`, {});
    const gone = async () => (await exchange({ subject_token: tokenOf(late.mcp) })).status;
    await expect.poll(gone, { timeout: 5_000 }).toBe(400);
    const answers = new Set<string>();
    for (const token of [tokenOf(lost.mcp), tokenOf(late.mcp), `cst_${'A'.repeat(43)}`, 'nonsense']) {
      const { status, body } = await exchange({ subject_token: token });
      answers.add(JSON.stringify([status, body.error, body.error_description]));
    }
    expect([...answers]).toHaveLength(1);
    expect([...answers][0]).toContain('invalid_grant');
  });
});

describe('revoking a session', () => {
  it('closes the streams of its whole tree within a second, voids their frozen calls, and spares the rest', async () => {
    const { gateway, session, agent, decide, settled, operator, holder, tokenOf } = await start();
    const [root, other] = [await session(), await session()];
    const child = await holder.sessions.narrow({ token: tokenOf(root.mcp), tools: ONLY_PAY });
    const grandchild = await holder.sessions.narrow({
      token: tokenOf({ headers: { ...child.mcp.headers } }),
      tools: ['oracle/pay'],
    });
    const access = { ...grandchild.mcp, headers: { ...grandchild.mcp.headers } };
    const frozen = heldId(await (await agent('modern', access)).call('pay', PAY));
    const [stream, bystander] = [await modernWire(access).listen(), await modernWire(other.mcp).listen()];

    const started = performance.now();
    const revoked = await operator.sessions.revoke(root.id, { reason: 'leaked' });
    await stream.ended;
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(revoked.state).toBe('revoked');
    expect((await modernWire(access).request('tools/list')).status).toBe(404);
    expect((await modernWire(other.mcp).request('tools/list')).status).toBe(200);
    await bystander.close();

    await decide(frozen, 'approve');
    expect(await settled(frozen)).toMatchObject({ state: 'void' });
    expect(gateway.received()).toEqual([]);
    const tree = await operator.sessions.list({ tree: root.id });
    expect(tree.data.map((one) => [one.id, one.state, one.revokeReason])).toEqual(
      [grandchild.id, child.id, root.id].map((id) => [id, 'revoked', 'leaked']),
    );
    const entries = await operator.logs.query({ type: 'session.revoked' });
    expect(entries.data.map((entry) => entry.body)).toEqual([
      { reason: 'leaked', descendants: [child.id, grandchild.id] },
    ]);
    await gateway.restart();
    const again = (one: { headers: Record<string, string> }) => ({
      ...one,
      url: `${gateway.app.origin}/mcp`,
    });
    expect((await modernWire(again(access)).request('tools/list')).status).toBe(404);
    expect((await modernWire(again(other.mcp)).request('tools/list')).status).toBe(200);
  });
});

describe('the session commands', () => {
  it('narrow with the session’s own token alone, and draw and revoke the tree', async () => {
    const { gateway, session, tokenOf } = await start();
    const root = await session({ subject: 'ann' });
    const { run } = await openTerminal();
    const url = `--url ${gateway.app.origin}`;
    const env = { COUNTERSIGN_SESSION_TOKEN: tokenOf(root.mcp) };
    const narrow = `session narrow ${url} --json --tools oracle/echo,oracle/pay --ttl 10m --calls 5`;
    const [child] = (await run(narrow, { env })).json() as any[];
    expect(child).toMatchObject({ tools: ['oracle/echo', 'oracle/pay'] });
    const token = tokenOf(child.mcp);
    const piped = await run(`session narrow ${url} --token - --tools oracle/echo --calls 5`, {
      readStdin: async () => `${token}\n`,
    });
    expect(piped.code).toBe(0);
    expect(piped.stdout).toMatch(/^Session +ses_/);
    const missing = await run(`session narrow ${url}`);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('COUNTERSIGN_SESSION_TOKEN')]);
    const wider = await run(`session narrow ${url} --token ${token} --tools oracle/slow --calls 1`);
    expect(wider.code).toBe(2);
    expect(wider.stderr).toContain("'oracle/slow' reaches further");

    const key = { env: { COUNTERSIGN_API_KEY: gateway.apiKey } };
    const tree = await run(`session list ${url} --tree ${root.id}`, key);
    const [header, ...lines] = tree.stdout.split('\n').filter((line) => line !== '');
    expect(header).toMatch(/^ID/);
    expect(lines.map((line) => line.replace(/ses_\w+.*/, ''))).toEqual(['', '└─ ', '   └─ ']);
    expect((await run(`session revoke ${url} ${root.id} --reason over`, key)).code).toBe(0);
    const after = (await run(`session list ${url} --json --tree ${root.id}`, key)).json() as any[];
    expect(after[0].data.map((one: any) => one.state)).toEqual(['revoked', 'revoked', 'revoked']);
  });
});
