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
  invite(name: string, groups?: string[]): Promise<Approver>;
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
    async invite(name, groups = []) {
      const invited = await call('POST', '/v1/approvers/invites', { name, groups });
      if (invited.status !== 201) throw new Error(`inviting failed: ${JSON.stringify(invited.body)}`);
      return enrol(origin, invited.body.url);
    },
  };
}
