import { inviteLink } from '../../src/sdk/invite-link.ts';
import { type SoftAuthenticator, softAuthenticator } from '../principals/support/authenticator.ts';

/** A person with a passkey in software, signed in to a running gateway over its public API. */
export interface Approver {
  readonly id: string;
  readonly name: string;
  readonly device: SoftAuthenticator;
  readonly cookie: string;
  /** Any request with this person's cookie. */
  fetch(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }>;
  /** The whole ceremony: statement, assertion, decision. */
  decide(
    approvalId: string,
    decision: 'approve' | 'deny',
    reason?: string,
  ): Promise<{ status: number; body: any }>;
  /** Only the statement, for tests that sign something else with it. */
  statement(
    approvalId: string,
    decision: 'approve' | 'deny',
    reason?: string,
  ): Promise<{ status: number; body: any }>;
  invite(name: string, groups?: string[], subject?: string): Promise<Approver>;
  /** Asks for the statement of an act and signs it: the body of its operation. Fails when it is not offered. */
  act(act: string, params: object): Promise<{ statement_id: string; assertion: object }>;
  /** Asks for the statement of an act, signs it, and has it carried out. */
  perform(act: string, params: Record<string, unknown>): Promise<{ status: number; body: any }>;
  /** One more passkey of this person, as an approver who signs with it. */
  addPasskey(device?: SoftAuthenticator): Promise<Approver>;
}

async function send(
  origin: string,
  request: { method: string; path: string; body?: unknown; cookie?: string },
): Promise<{ status: number; body: any; cookie: string | undefined }> {
  const response = await fetch(`${origin}${request.path}`, {
    method: request.method,
    headers: {
      origin,
      'x-countersign-csrf': '1',
      ...(request.cookie === undefined ? {} : { cookie: request.cookie }),
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
  });
  const text = await response.text();
  const cookie = response.headers.getSetCookie()[0]?.split(';')[0];
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text), cookie };
}

/** Where each act is carried out. */
const OPERATIONS: Readonly<Record<string, (params: Record<string, unknown>) => string>> = {
  'approver.invite': () => '/v1/approvers/invites',
  'approver.remove': ({ person }) => `/v1/approvers/${person}/remove`,
  'passkey.remove': ({ person, passkey }) => `/v1/approvers/${person}/passkeys/${passkey}/remove`,
  'service_account.create': () => '/v1/service-accounts',
  'service_account.remove': ({ service_account }) => `/v1/service-accounts/${service_account}/remove`,
};

/** Enrols a person by an enrol link, as the page does. */
export async function enrol(origin: string, enrolUrl: string): Promise<Approver> {
  const token = enrolUrl.split('#')[1] ?? '';
  const device = softAuthenticator({ origin, rpId: 'localhost' });
  const started = await send(origin, { method: 'POST', path: '/v1/webauthn/enrol/options', body: { token } });
  if (started.status !== 200) throw new Error(`enrolling failed: ${JSON.stringify(started.body)}`);
  const response = device.create({ challenge: started.body.options.challenge });
  const finished = await send(origin, {
    method: 'POST',
    path: '/v1/webauthn/enrol/verify',
    body: { token, challenge_id: started.body.challenge_id, response },
  });
  if (finished.cookie === undefined) throw new Error(`enrolling failed: ${JSON.stringify(finished.body)}`);
  return approverWith(origin, { ...finished.body.person, device, cookie: finished.cookie });
}

function approverWith(
  origin: string,
  known: { id: string; name: string; device: SoftAuthenticator; cookie: string },
): Approver {
  const { cookie, device } = known;
  const call = (method: string, path: string, body?: unknown) =>
    send(origin, { method, path, cookie, ...(body === undefined ? {} : { body }) });
  const statement: Approver['statement'] = (id, decision, reason) =>
    call('POST', `/v1/approvals/${id}/statement`, { decision, ...(reason === undefined ? {} : { reason }) });
  const done = async (path: string, body: object) => {
    const answered = await call('POST', path, body);
    if (answered.status < 300) return answered.body;
    throw new Error(`POST ${path}: ${answered.status} ${JSON.stringify(answered.body)}`);
  };
  const sign = (offered: { statement_id: string; challenge: string }) => ({
    statement_id: offered.statement_id,
    assertion: device.get({ challenge: offered.challenge }),
  });
  const act: Approver['act'] = async (name, params) => sign(await done('/v1/acts', { act: name, params }));
  return {
    ...known,
    fetch: call,
    statement,
    async decide(id, decision, reason) {
      const offered = await statement(id, decision, reason);
      if (offered.status !== 200) return offered;
      const assertion = device.get({ challenge: offered.body.challenge });
      return call('POST', `/v1/approvals/${id}/decide`, {
        statement_id: offered.body.statement_id,
        assertion,
      });
    },
    act,
    async invite(name, groups = [], subject) {
      const link = await inviteLink(origin);
      const params = { name, groups, token: link.token, ...(subject === undefined ? {} : { subject }) };
      await done('/v1/approvers/invites', await act('approver.invite', params));
      return enrol(origin, link.url);
    },
    async perform(name, params) {
      const offered = await call('POST', '/v1/acts', { act: name, params });
      if (offered.status !== 200) return offered;
      return call('POST', OPERATIONS[name]?.(params) ?? '', sign(offered.body));
    },
    async addPasskey(added = softAuthenticator({ origin, rpId: 'localhost' })) {
      const { options, challenge_id } = await done('/v1/webauthn/add-passkey/options', {});
      const response = added.create({ challenge: options.challenge });
      const offered = await done('/v1/webauthn/add-passkey/verify', { challenge_id, response });
      await done(`/v1/approvers/${known.id}/passkeys`, sign(offered));
      return approverWith(origin, { ...known, device: added });
    },
  };
}
