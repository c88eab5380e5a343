import { request } from 'undici';
import { softAuthenticator } from '../test/principals/support/authenticator.ts';
import type { Gateway } from './gateway.ts';

/** A person with a passkey in software, signed in. */
export interface Approver {
  /** Has the statement made and signs it; what comes back is ready to be posted. */
  sign(approval: string): Promise<{ path: string; body: string }>;
  post(path: string, body: string): Promise<string>;
}

/** Enrols the first person by the one-time link of a first start. */
export async function enrolApprover(gateway: Gateway): Promise<Approver> {
  const { origin, enrolUrl = '' } = gateway;
  const device = softAuthenticator({ origin, rpId: new URL(origin).hostname });
  const cookies = new Map<string, string>();
  const post = async (path: string, body: string): Promise<string> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { origin, cookie, 'content-type': 'application/json', 'x-countersign-csrf': '1' };
    // Not by fetch, whose garbage would be collected in the time of what is measured.
    const response = await request(new URL(path, origin), { method: 'POST', headers, body });
    for (const set of [response.headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      cookies.set(name, value);
    }
    const text = await response.body.text();
    if (response.statusCode >= 300) throw new Error(`POST ${path} answered ${response.statusCode}: ${text}`);
    return text;
  };
  const token = new URL(enrolUrl).hash.slice(1);
  const asked = JSON.parse(await post('/v1/webauthn/enrol/options', JSON.stringify({ token }))) as {
    challenge_id: string;
    options: { challenge: string };
  };
  const response = device.create({ challenge: asked.options.challenge });
  await post(
    '/v1/webauthn/enrol/verify',
    JSON.stringify({ token, challenge_id: asked.challenge_id, response }),
  );
  return {
    post,
    sign: async (approval) => {
      const text = await post(`/v1/approvals/${approval}/statement`, JSON.stringify({ decision: 'approve' }));
      const { statement_id, challenge } = JSON.parse(text) as { statement_id: string; challenge: string };
      const assertion = device.get({ challenge });
      return { path: `/v1/approvals/${approval}/decide`, body: JSON.stringify({ statement_id, assertion }) };
    },
  };
}

/** The id of the approval that a pending result tells of. */
export function approvalOf(answer: string): string {
  const id = /\bapr_[0-9A-Za-z]+/.exec(answer)?.[0];
  if (id === undefined) throw new Error(`No approval in ${answer.slice(0, 300)}`);
  return id;
}
