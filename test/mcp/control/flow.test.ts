import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openShop, REFUND, type Shop } from '../../capabilities/support/shop.ts';
import { sdkAgents } from '../support/sdk-clients.ts';
import { bothWires } from '../support/wire.ts';
import { control, controlAccess, orchestrators } from './support.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(async () => shop.close());

const gateway = () => shop.gateway;
const texts = (result: any): string[] => result.content.map((one: any) => one.text);

/** What the tool says, which stands in both forms. */
function said(result: any): any {
  expect(result.isError ?? false).toBe(false);
  expect(JSON.parse(texts(result).at(-1) ?? '')).toEqual(result.structuredContent);
  return result.structuredContent;
}

describe('an orchestrator', () => {
  test('mints, hands over, waits for the person, sees the result and revokes, with every SDK client', async () => {
    for (const [index, boss] of (await orchestrators(gateway())).entries()) {
      const minted = said(
        await boss.call('session_mint', {
          subject: 'user_42',
          tools: ['oracle/*'],
          labels: { run: boss.name },
          call_cap: 5,
          ttl_ms: 60_000,
        }),
      );
      expect(minted).toMatchObject({
        subject: 'user_42',
        tools: ['oracle/*'],
        labels: { run: boss.name },
        call_cap: 5,
        state: 'active',
      });
      const [agent, ...others] = await sdkAgents(minted.mcp);
      const to = `payee-${index}`;
      const held = await agent?.call('pay', { amount_cents: 7_500, to });
      const { approval_id } = held.structuredContent;
      const listed = said(await boss.call('approval_list', { state: 'pending', session: minted.id }));
      expect(listed.data.map((one: any) => one.id)).toEqual([approval_id]);
      expect(said(await boss.call('approval_get', { approval_id })).state).toBe('pending');

      const waiting = boss.call('approval_wait', { approval_id });
      expect((await shop.person.decide(approval_id, 'approve', 'fine')).status).toBe(200);
      const settled = said(await waiting);
      expect(settled).toMatchObject({ id: approval_id, state: 'succeeded', result: { kind: 'result' } });
      expect(settled.result.text).toContain(to);
      expect(
        gateway()
          .received()
          .filter((line) => line.includes(to)),
      ).toHaveLength(1);

      const entries = said(await boss.call('log_query', { approval: approval_id, limit: 200 })).data;
      const narrowed = said(
        await boss.call('log_query', {
          approval: approval_id,
          verdict: 'hold',
          tool: 'pa*',
          since: '1h',
        }),
      ).data;
      expect(narrowed.map((one: any) => one.type)).toEqual(['approval.requested']);
      expect(entries.map((one: any) => one.type)).toContain('approval.decided');
      const ended = said(await boss.call('session_revoke', { session_id: minted.id, reason: 'done' }));
      expect(ended).toMatchObject({ id: minted.id, state: 'revoked', revoke_reason: 'done' });
      await expect(agent?.call('echo', { text: 'late' })).rejects.toThrow();
      await Promise.all([boss, agent, ...others].map((one) => one?.close()));
    }
  });

  test('narrows a session by its token, and lists the tree', async () => {
    const parent = said(await control(gateway(), 'session_mint', { tools: ['oracle/*'], call_cap: 3 }));
    const session_token = parent.mcp.headers.Authorization.slice('Bearer '.length);
    const narrowed = { session_token, tools: ['oracle/echo', 'oracle/slow'], ttl_ms: 30_500, call_cap: 2 };
    const child = said(await control(gateway(), 'session_narrow', narrowed));
    expect(child).toMatchObject({ scope: 'oracle/echo oracle/slow', expires_in: 30 });
    const tree = said(await control(gateway(), 'session_list', { tree: parent.id, state: 'active' }));
    expect(tree.data.map((one: any) => [one.id, one.call_cap]).sort()).toEqual(
      [
        [parent.id, 3],
        [child.session, 2],
      ].sort(),
    );
    const [agent, ...others] = await sdkAgents(child.mcp);
    expect((await agent?.list())?.map(({ name }) => name)).not.toContain('pay');
    await Promise.all([agent, ...others].map((one) => one?.close()));
  });

  test('requests an approval, is told what to do while it waits, and learns the decision', async () => {
    const ask = { ...REFUND, risk: 'high', idempotency_key: 'k1' };
    const asked = await control(gateway(), 'approval_request', ask);
    const { id, state, url } = said(asked);
    expect(state).toBe('pending');
    expect(texts(asked)[0]).toContain(url);
    expect(texts(asked)[0]).toContain('approval_wait');
    expect(said(await control(gateway(), 'approval_request', ask)).id).toBe(id);

    const early = await control(gateway(), 'approval_wait', { approval_id: id, timeout_ms: 0 });
    expect(said(early).state).toBe('pending');
    expect(texts(early)[0]).toContain('as often as state is still pending');

    const waiting = control(gateway(), 'approval_wait', { approval_id: id });
    expect((await shop.person.decide(id, 'deny', 'too much')).status).toBe(200);
    const denied = await waiting;
    expect(said(denied)).toMatchObject({ state: 'denied', decision_reason: 'too much' });
    expect(texts(denied)).toHaveLength(1);
  });

  test('pages through a list by the cursor of the page before', async () => {
    for (const index of [1, 2, 3]) await control(gateway(), 'session_mint', { subject: `paged-${index}` });
    const first = said(await control(gateway(), 'session_list', { limit: 2 }));
    expect(first).toMatchObject({ has_more: true, data: [{ subject: 'paged-3' }, { subject: 'paged-2' }] });
    const next = said(await control(gateway(), 'session_list', { limit: 1, cursor: first.next_cursor }));
    expect(next.data[0].subject).toBe('paged-1');
  });

  test('is told by a tool error which argument is wrong and what was expected', async () => {
    const wrong: readonly (readonly [tool: string, args: Record<string, unknown>, words: RegExp])[] = [
      ['session_mint', { tool: ['*'] }, /Unrecognized key: "tool"/],
      ['session_mint', { ttl_ms: '60000' }, /ttl_ms: .*expected number/],
      ['session_mint', { tools: ['a b'] }, /tools\[0\]: expected .*without spaces/],
      ['session_narrow', { session_token: 'cst_none' }, /no session in force/],
      ['session_narrow', { session_token: 'cst_none', tools: [] }, /tools: /],
      ['session_narrow', { session_token: 'cst_none', tools: ['a b'] }, /tools\[?\.?0\]?: .*without spaces/],
      ['session_revoke', { session_id: 'ses_none' }, /ses_none/],
      ['approval_request', { action: 'x' }, /resource: /],
      ['approval_wait', { approval_id: 'apr_none', timeout_ms: 25_001 }, /timeout_ms: .*25000/],
      ['approval_get', { approval_id: 'apr_none' }, /There is no approval apr_none/],
      ['log_query', { since: 'yesterday' }, /since: expected a time in RFC 3339/],
      ['log_query', { limit: 1_000 }, /limit: /],
    ];
    for (const [tool, args, words] of wrong) {
      const result = await control(gateway(), tool, args);
      expect([tool, result.isError]).toEqual([tool, true]);
      expect(texts(result)[0]).toMatch(words);
    }
  });

  test('speaks strict JSON-RPC of both eras, without a batch and without a stream', async () => {
    const access = controlAccess(gateway());
    for (const wire of await bothWires(access)) {
      const { status, message } = await wire.request('tools/list');
      expect(status).toBe(200);
      for (const { inputSchema } of message.result.tools)
        expect(inputSchema.additionalProperties).toBe(false);
    }
    const headers = { ...access.headers, 'content-type': 'application/json' };
    const batch = { method: 'POST', headers, body: '[{"jsonrpc":"2.0","id":1,"method":"ping"}]' };
    expect((await fetch(access.url, batch)).status).toBe(400);
    const twice = { method: 'POST', headers, body: '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}' };
    expect((await fetch(access.url, twice)).status).toBe(400);
    const stream = await fetch(access.url, { headers: { ...access.headers, accept: 'text/event-stream' } });
    expect([stream.status, stream.headers.get('allow')]).toEqual([405, 'POST']);
  });
});
