import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { assertionOf } from '../../capabilities/support/machine.ts';
import { ASSERTION, openShop, REFUND, type Shop } from '../../capabilities/support/shop.ts';
import { control, keyWith, knock, orchestrators } from './support.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(async () => shop.close());

const gateway = () => shop.gateway;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

const ROLES = ['reader', 'minter', 'requester', 'operator'] as const;

/** Who may use each tool, with arguments that get past the role. */
const TOOLS: Readonly<Record<string, { may: readonly string[]; args?: Record<string, unknown> }>> = {
  session_mint: { may: ['minter', 'operator'] },
  session_narrow: { may: ROLES, args: { session_token: 'cst_none' } },
  session_list: { may: ['reader', 'operator'] },
  session_revoke: { may: ['minter', 'operator'], args: { session_id: 'ses_none' } },
  approval_request: { may: ['requester', 'operator'], args: { action: 'free.look', resource: 'x' } },
  approval_wait: {
    may: ['reader', 'requester', 'operator'],
    args: { approval_id: 'apr_none', timeout_ms: 0 },
  },
  approval_get: { may: ['reader', 'requester', 'operator'], args: { approval_id: 'apr_none' } },
  approval_list: { may: ['reader', 'requester', 'operator'] },
  job_list: { may: ['reader', 'requester', 'operator'] },
  job_get: { may: ['reader', 'requester', 'operator'], args: { job_id: 'job_none' } },
  job_wait: { may: ['reader', 'requester', 'operator'], args: { job_id: 'job_none', timeout_ms: 0 } },
  log_query: { may: ['reader', 'operator'] },
};

describe('the tools', () => {
  test('are these and no others, and none of them approves or denies', async () => {
    for (const boss of await orchestrators(gateway())) {
      const tools = await boss.list();
      expect(tools.map(({ name }) => name).sort()).toEqual(Object.keys(TOOLS).sort());
      expect(
        tools.filter(({ annotations }) => annotations.destructiveHint === true).map(({ name }) => name),
      ).toEqual(['session_revoke']);
      for (const name of ['approval_approve', 'approval_decide', 'approval_deny']) {
        const refused = await boss.call(name, { approval_id: 'apr_none' }).catch((error: Error) => error);
        expect(String(refused instanceof Error ? refused.message : refused.content)).toMatch(/not found/);
      }
      await boss.close();
    }
  });

  test('take nothing for an id that would lead to another operation', async () => {
    const { id } = (await control(gateway(), 'approval_request', REFUND)).structuredContent;
    const crooked = [`../approvals/${id}`, `ses_x/../../approvals/${id}/cancel?`, `${id}/decide`, '..', ''];
    for (const one of crooked) {
      for (const [tool, args] of [
        ['session_revoke', { session_id: one }],
        ['approval_get', { approval_id: one }],
        ['approval_wait', { approval_id: one, timeout_ms: 0 }],
        ['job_wait', { job_id: one, timeout_ms: 0 }],
      ] as const) {
        const result = await control(gateway(), tool, args);
        expect(result.isError).toBe(true);
        expect(result.content[0].text).toMatch(/expected the id of an? (?:session|approval|job)/);
      }
    }
    expect((await gateway().api('GET', `/v1/approvals/${id}`)).body.state).toBe('pending');
  });

  test('ask for the same roles as the routes over HTTP', async () => {
    for (const role of ROLES) {
      const { key } = await keyWith(gateway(), [role]);
      for (const [tool, { may, args = {} }] of Object.entries(TOOLS)) {
        const result = await control(gateway(), tool, args, key);
        const isRefused = result.structuredContent?.code === 'forbidden';
        expect([role, tool, isRefused]).toEqual([role, tool, !may.includes(role)]);
        if (isRefused) expect(result.content[0].text).toMatch(/needs an API key with the role/);
      }
    }
  });

  test('act in the name of the key that called', async () => {
    const { id, key } = await keyWith(gateway(), ['minter']);
    const minted = await control(gateway(), 'session_mint', {}, key);
    expect(minted.structuredContent.minted_by).toBe(`api_key:${id}`);
  });
});

describe('a service account', () => {
  test('requests and awaits its own approvals, sees no others, and mints nothing', async () => {
    const token = await shop.login();
    const asked = await control(gateway(), 'approval_request', REFUND, token);
    const { id, requester } = asked.structuredContent;
    expect(requester).toBe(`service_account:${shop.bot.id}`);
    const waiting = control(gateway(), 'approval_wait', { approval_id: id }, token);
    await shop.person.decide(id, 'approve', 'fine');
    expect((await waiting).structuredContent.state).toBe('approved');

    const foreign = (await control(gateway(), 'approval_request', REFUND)).structuredContent.id;
    const hidden = await control(gateway(), 'approval_get', { approval_id: foreign }, token);
    expect(hidden.structuredContent.code).toBe('not_found');
    const listed = await control(gateway(), 'approval_list', {}, token);
    expect(new Set(listed.structuredContent.data.map((one: any) => one.requester))).toEqual(
      new Set([requester]),
    );
    for (const tool of ['session_mint', 'session_list', 'log_query'])
      expect((await control(gateway(), tool, {}, token)).structuredContent.code).toBe('forbidden');
  });
});

describe('the door', () => {
  test('lets in an API key and the token of a service account', async () => {
    expect((await knock(gateway(), bearer(gateway().apiKey))).status).toBe(200);
    expect((await knock(gateway(), bearer(await shop.login()))).status).toBe(200);
  });

  test('answers 401 to everybody else and says what to send', async () => {
    const { origin, session } = gateway().app;
    const page = { cookie: shop.person.cookie, origin, 'x-countersign-csrf': '1' };
    const sessionToken = String(session.mcp.headers.Authorization).slice('Bearer '.length);
    const revoked = await keyWith(gateway(), ['operator']);
    await gateway().api('POST', `/v1/keys/${revoked.id}/revoke`, {});
    const proof = await shop.proof(shop.bot, '/oauth/token');
    const audience = `${origin}/oauth/token`;
    const login = {
      grant_type: 'client_credentials',
      client_assertion_type: ASSERTION,
      client_assertion: await assertionOf(shop.bot, {
        account: shop.bot.id,
        audience,
        nowMs: systemClock(),
      }),
    };
    const bound = (await shop.post('/oauth/token', login, { dpop: proof })).body;
    expect(bound.token_type).toBe('DPoP');

    const refused: Readonly<Record<string, Record<string, string>>> = {
      nobody: {},
      'a person’s cookie': page,
      'a session’s token': bearer(sessionToken),
      'a session’s token beside a cookie': { ...page, ...bearer(sessionToken) },
      'a revoked key': bearer(revoked.key),
      'an unknown key': bearer(`${gateway().apiKey.slice(0, -1)}_`),
      'a key under another scheme': { authorization: `Basic ${gateway().apiKey}` },
      'a key in another header': { 'x-api-key': gateway().apiKey },
      'a bound token': bearer(bound.access_token),
    };
    for (const [who, headers] of Object.entries(refused)) {
      const { status, headers: sent, message } = await knock(gateway(), headers);
      expect([who, status, sent.get('www-authenticate')]).toEqual([who, 401, 'Bearer']);
      expect(message.error.message).toMatch(/access token/);
    }
  });

  test('is not opened by a session’s secret URL, nor the agents’ endpoint by an API key', async () => {
    const token = String(gateway().app.session.mcp.headers.Authorization).slice('Bearer '.length);
    expect((await knock(gateway(), {}, `/mcp/control?token=${token}`)).status).toBe(401);
    expect((await knock(gateway(), {}, `/mcp/control/${token}`)).status).toBe(404);
    expect((await knock(gateway(), bearer(gateway().apiKey), '/mcp')).status).toBe(404);
  });

  test('is shut for a key from the moment it is revoked, also for a client that had connected', async () => {
    const { id, key } = await keyWith(gateway(), ['reader']);
    for (const boss of await orchestrators(gateway(), key)) {
      expect((await boss.call('session_list')).isError ?? false).toBe(false);
      await boss.close();
    }
    const connected = await orchestrators(gateway(), key);
    await gateway().api('POST', `/v1/keys/${id}/revoke`, {});
    for (const boss of connected) await expect(boss.call('session_list')).rejects.toThrow();
  });

  test('refuses a web page of another origin, whatever it holds', async () => {
    const foreign = { ...bearer(gateway().apiKey), origin: 'https://evil.example' };
    expect((await knock(gateway(), foreign)).status).toBe(403);
  });
});
