import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Office, openOffice } from './support/office.ts';

type Who = 'none' | 'reader' | 'minter' | 'requester' | 'operator' | 'person';

const WHO: readonly Who[] = ['none', 'reader', 'minter', 'requester', 'operator', 'person'];
const OPEN: readonly Who[] = WHO;
const READ: readonly Who[] = ['reader', 'operator', 'person'];
const READ_APPROVALS: readonly Who[] = ['reader', 'requester', 'operator', 'person'];
const PERSON: readonly Who[] = ['person'];
const OPERATOR: readonly Who[] = ['operator'];
const MANAGE: readonly Who[] = ['operator', 'person'];

interface Row {
  readonly route: string;
  readonly may: readonly Who[];
  readonly body?: object;
  readonly query?: string;
}

const answer = { id: 'x', rawId: 'x', type: 'public-key', response: {} };
const assertion = {
  ...answer,
  response: { clientDataJSON: 'x', authenticatorData: 'x', signature: 'x' },
  clientExtensionResults: {},
};

const signedAct = { statement_id: 'act_none', assertion };

const ROWS: readonly Row[] = [
  { route: 'POST /v1/sessions', may: ['minter', 'operator', 'person'], body: {} },
  { route: 'GET /v1/sessions', may: READ },
  { route: 'GET /v1/sessions/{id}', may: READ },
  { route: 'POST /v1/sessions/{id}/revoke', may: ['minter', 'operator', 'person'], body: {} },
  {
    route: 'POST /v1/approvals',
    may: ['requester', 'operator'],
    body: { action: 'roles.test', resource: 'x' },
  },
  { route: 'POST /v1/approvals/{id}/outcome', may: ['requester', 'operator'], body: { state: 'failed' } },
  { route: 'GET /v1/approvals', may: READ_APPROVALS },
  { route: 'GET /v1/approvals/{id}', may: READ_APPROVALS },
  { route: 'GET /v1/approvals/{id}/previous', may: READ_APPROVALS },
  { route: 'GET /v1/approvals/{id}/trace', may: READ },
  { route: 'GET /v1/approvals/{id}/wait', may: READ_APPROVALS, query: 'timeout_ms=0' },
  { route: 'POST /v1/approvals/{id}/statement', may: PERSON, body: { decision: 'approve' } },
  { route: 'POST /v1/approvals/{id}/decide', may: PERSON, body: { statement_id: 'stm_none', assertion } },
  { route: 'POST /v1/approvals/{id}/reveal', may: PERSON, body: { what: 'arguments' } },
  {
    route: 'POST /v1/approval-batches/statement',
    may: PERSON,
    body: { approvals: ['apr_none'], decision: 'approve' },
  },
  {
    route: 'POST /v1/approval-batches/decide',
    may: PERSON,
    body: { batch: '{}', statements: [{ approval: 'apr_none', statement_id: 'stm_none' }], assertion },
  },
  {
    route: 'POST /v1/approvals/{id}/resolve',
    may: ['operator', 'person'],
    body: { as: 'failed', note: 'x' },
  },
  { route: 'GET /v1/jobs', may: READ_APPROVALS },
  { route: 'GET /v1/jobs/events', may: READ_APPROVALS },
  { route: 'GET /v1/jobs/{id}', may: READ_APPROVALS },
  { route: 'GET /v1/jobs/{id}/wait', may: READ_APPROVALS, query: 'timeout_ms=0' },
  { route: 'POST /v1/jobs/{id}/cancel', may: ['requester', 'operator', 'person'], body: {} },
  { route: 'POST /v1/approvals/{id}/cancel', may: ['requester', 'operator', 'person'], body: {} },
  {
    route: 'POST /access/v1/evaluation',
    may: ['reader', 'requester', 'operator'],
    body: {
      subject: { type: 'user', id: 'x' },
      action: { name: 'roles.test' },
      resource: { type: 'x', id: 'y' },
    },
  },
  { route: 'GET /.well-known/authzen-configuration', may: OPEN },
  { route: 'GET /v1/logs', may: READ },
  { route: 'GET /v1/logs/stream', may: READ },
  { route: 'GET /v1/logs/facets', may: READ },
  { route: 'GET /v1/logs/checkpoint', may: READ },
  { route: 'GET /v1/logs/verify', may: READ },
  { route: 'GET /v1/logs/export', may: READ },
  { route: 'GET /v1/ledger/witnesses', may: READ },
  { route: 'GET /v1/logs/proof', may: READ, query: 'seq=0' },
  { route: 'GET /v1/logs/consistency', may: READ, query: 'first=1' },
  { route: 'POST /v1/ledger/rotate-key', may: OPERATOR, body: { overlap_ms: 0 } },
  { route: 'POST /v1/logs/redact', may: OPERATOR, body: { id: 'apr_none' } },
  { route: 'GET /v1/capabilities', may: READ_APPROVALS },
  { route: 'GET /v1/capabilities/{id}', may: READ_APPROVALS },
  { route: 'POST /v1/capability-keys/rotate', may: OPERATOR, body: {} },
  { route: 'GET /v1/servers', may: READ },
  { route: 'GET /v1/servers/{name}/tools', may: READ },
  { route: 'POST /v1/servers/{name}/tools/{tool}/accept', may: ['operator', 'person'], body: { hash: 'x' } },
  { route: 'POST /v1/servers/{name}/tools/{tool}/refuse', may: ['operator', 'person'], body: { hash: 'x' } },
  {
    route: 'POST /v1/servers/{name}/login',
    may: OPERATOR,
    body: { redirect_uri: 'http://127.0.0.1:1/callback' },
  },
  { route: 'POST /v1/servers/{name}/login/finish', may: OPERATOR, body: { callback: 'x' } },
  { route: 'POST /v1/servers/{name}/logout', may: OPERATOR, body: {} },
  { route: 'GET /v1/diagnostics', may: READ },
  { route: 'GET /v1/overview', may: READ },
  { route: 'GET /v1/policies', may: READ },
  { route: 'GET /v1/policies/files', may: MANAGE },
  { route: 'POST /v1/policies/check', may: READ, body: { files: {} } },
  {
    route: 'POST /v1/policies/explain',
    may: READ,
    body: { server: 'oracle', tool: 'pay' },
  },
  { route: 'GET /v1/policies/schema', may: OPEN },
  { route: 'GET /v1/policies/shadow', may: READ },
  { route: 'POST /v1/policies/explain-call', may: OPERATOR, body: { call: 'apr_none' } },
  { route: 'POST /v1/policies/replay', may: MANAGE, body: { files: {} } },
  { route: 'POST /v1/keys', may: OPERATOR, body: { name: 'more', roles: ['reader'] } },
  { route: 'POST /v1/keys/signed', may: PERSON, body: signedAct },
  { route: 'GET /v1/keys', may: MANAGE },
  { route: 'POST /v1/keys/{id}/revoke', may: MANAGE, body: {} },
  { route: 'POST /v1/webhooks', may: MANAGE, body: { url: 'https://10.0.0.1/' } },
  { route: 'GET /v1/webhooks', may: MANAGE },
  { route: 'GET /v1/webhooks/{id}', may: MANAGE },
  { route: 'POST /v1/webhooks/{id}/update', may: MANAGE, body: {} },
  { route: 'POST /v1/webhooks/{id}/rotate', may: MANAGE, body: {} },
  { route: 'POST /v1/webhooks/{id}/remove', may: MANAGE, body: {} },
  { route: 'POST /v1/webhooks/{id}/test', may: MANAGE, body: {} },
  { route: 'GET /v1/webhooks/{id}/deliveries', may: MANAGE },
  { route: 'POST /v1/webhooks/{id}/redeliver', may: MANAGE, body: {} },
  { route: 'GET /v1/channels', may: MANAGE },
  { route: 'POST /v1/channels/{name}/test', may: MANAGE, body: {} },
  { route: 'GET /v1/approvals/{id}/deny-link', may: PERSON, query: 'signature=x' },
  { route: 'GET /v1/push', may: PERSON },
  { route: 'GET /v1/push/devices', may: PERSON },
  {
    route: 'POST /v1/push/devices',
    may: PERSON,
    body: { name: 'x', endpoint: 'x', keys: { p256dh: 'x', auth: 'x' } },
  },
  { route: 'POST /v1/push/devices/{id}/remove', may: PERSON, body: {} },
  { route: 'POST /v1/push/devices/{id}/test', may: PERSON, body: {} },
  {
    route: 'POST /v1/acts',
    may: PERSON,
    body: { act: 'approver.remove', params: { person: 'per_none' } },
  },
  { route: 'POST /v1/approvers/invites', may: PERSON, body: signedAct },
  { route: 'GET /v1/approvers', may: READ },
  { route: 'POST /v1/approvers/{id}/remove', may: PERSON, body: signedAct },
  { route: 'POST /v1/approvers/{id}/passkeys', may: PERSON, body: signedAct },
  { route: 'POST /v1/approvers/{id}/passkeys/{passkey}/remove', may: PERSON, body: signedAct },
  { route: 'POST /v1/service-accounts', may: PERSON, body: signedAct },
  { route: 'GET /v1/service-accounts', may: READ },
  { route: 'POST /v1/service-accounts/{id}/remove', may: PERSON, body: signedAct },
  { route: 'POST /v1/webauthn/add-passkey/options', may: PERSON, body: {} },
  {
    route: 'POST /v1/webauthn/add-passkey/verify',
    may: PERSON,
    body: { challenge_id: 'x', response: answer },
  },
  // These need a token, a passkey or nothing at all; who asks makes no difference.
  { route: 'POST /v1/webauthn/enrol/options', may: OPEN, body: { token: 'x' } },
  {
    route: 'POST /v1/webauthn/enrol/verify',
    may: OPEN,
    body: { token: 'x', challenge_id: 'x', response: answer },
  },
  { route: 'POST /v1/webauthn/sign-in/options', may: OPEN, body: {} },
  { route: 'POST /v1/webauthn/sign-in/verify', may: OPEN, body: { challenge_id: 'x', response: answer } },
  { route: 'GET /v1/me', may: PERSON },
  // These read a form and answer as OAuth does.
  { route: 'POST /oauth/token', may: OPEN, body: {} },
  { route: 'POST /oauth/introspect', may: OPEN, body: {} },
  { route: 'POST /oauth/revoke', may: OPEN, body: {} },
  { route: 'GET /.well-known/jwks.json', may: OPEN },
  { route: 'GET /.well-known/oauth-authorization-server', may: OPEN },
  { route: 'GET /.well-known/oauth-protected-resource', may: OPEN },
  { route: 'GET /.well-known/oauth-protected-resource/mcp', may: OPEN },
  { route: 'POST /oauth/register', may: OPEN, body: {} },
  { route: 'POST /v1/oauth/requests', may: PERSON, body: { query: 'client_id=none' } },
  {
    route: 'POST /v1/oauth/consents',
    may: PERSON,
    body: { consent: 'none', decision: 'deny' },
  },
  { route: 'GET /healthz', may: OPEN },
  { route: 'GET /readyz', may: OPEN },
  // Last: the cookie of the person ends here.
  { route: 'POST /v1/webauthn/sign-out', may: PERSON, body: {} },
];

/** What a route says to somebody who may not use it, and never about what it was asked. */
const SHUT =
  /^(?:Send an API key|Sign in to the dashboard with your passkey first|This needs an API key with the role|Only a person who is signed in)/;

let office: Office;

beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office.close());

function cookieOrKey(who: Exclude<Who, 'none'>): string {
  return who === 'person' ? office.person.cookie : office.keys[who];
}

/** Asks without waiting for the end of a body, because a stream has none. */
async function ask(who: Who, row: Row): Promise<{ status: number; detail: string }> {
  const [method = '', template = ''] = row.route.split(' ');
  const path = template.replaceAll(/\{[^}]+\}/g, 'none') + (row.query === undefined ? '' : `?${row.query}`);
  if (/stream$|events$/.test(row.route)) {
    const headers: Record<string, string> =
      who === 'none'
        ? {}
        : who === 'person'
          ? { cookie: office.person.cookie }
          : { authorization: `Bearer ${office.keys[who]}` };
    const response = await fetch(`${office.gateway.app.origin}${path}`, { headers });
    const { status } = response;
    if (status !== 200) return { status, detail: ((await response.json()) as { detail: string }).detail };
    await response.body?.cancel();
    return { status, detail: '' };
  }
  const more = row.body === undefined ? {} : { body: row.body };
  const answered =
    who === 'none'
      ? await office.askAnonymously(method, path, more)
      : await office.ask(method, path, { ...more, as: cookieOrKey(who) });
  return { status: answered.status, detail: String(answered.body?.detail ?? '') };
}

describe('the table of who may use which route', () => {
  it('has a row for every route of the document, and no other', () => {
    const documented = Object.entries<object>(office.document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(ROWS.map((row) => row.route).sort()).toEqual(documented.sort());
  });

  it.each(ROWS)('holds for $route', async (row) => {
    const found: Record<string, string> = {};
    const wanted: Record<string, string> = {};
    for (const who of WHO) {
      const { status, detail } = await ask(who, row);
      const isShut = (status === 401 || status === 403) && SHUT.test(detail);
      found[who] = isShut ? `shut with ${status}` : 'open';
      wanted[who] = row.may.includes(who) ? 'open' : `shut with ${who === 'none' ? 401 : 403}`;
    }
    expect(found).toEqual(wanted);
  });
});

describe('a caller without credentials in force', () => {
  it.each([
    ['a session token', () => office.gateway.app.session.mcp.headers.Authorization ?? ''],
    ['a key that was never made', () => 'Bearer cs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['a key without its scheme', () => office.keys.operator],
    ['basic credentials', () => `Basic ${Buffer.from(`x:${office.keys.operator}`).toString('base64')}`],
    ['an empty header', () => ''],
  ])('is refused with %s, on open routes too', async (_, header) => {
    for (const path of ['/v1/approvals', '/v1/logs', '/v1/me', '/v1/nothing']) {
      const answered = await office.askAnonymously('GET', path, { headers: { authorization: header() } });
      expect(answered.status).toBe(401);
      expect(answered.headers.get('www-authenticate')).toBe('Bearer');
      expect(answered.body.detail).toContain('Authorization: Bearer cs_');
    }
  });

  it('is not let in by a key beside a cookie that would do', async () => {
    const headers = { authorization: 'Bearer cs_wrong' };
    const answered = await office.ask('GET', '/v1/me', { as: office.person.cookie, headers });
    expect(answered.status).toBe(401);
  });
});
