import { createHash } from 'node:crypto';
import { canonicalize } from '../../../src/core/canonical.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { type Asked, dispatch } from './approvals.ts';
import { fixedP256 } from './p256.ts';
import { LOG, type Scribe } from './scribe.ts';

const url = (value: JsonObject): string => Buffer.from(canonicalize(value)).toString('base64url');
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

export const TOKEN_KEY = fixedP256(sha256('capability key'));
const { kty, crv, x, y } = TOKEN_KEY.jwk;
export const TOKEN_KID = sha256(canonicalize({ crv, kty, x, y })).toString('base64url');

/** A token as the gateway makes it for an action; claims can be changed. */
export function tokenFor(
  scribe: Scribe,
  asked: Asked,
  claims: JsonObject = {},
  header: JsonObject = {},
): string {
  const iat = Math.floor((scribe.now + 2_000) / 1000);
  const head = url({ alg: 'ES256', typ: 'at+jwt', kid: TOKEN_KID, ...header });
  const body = url({
    iss: 'http://localhost:4400',
    aud: asked.body.aud ?? null,
    sub: asked.ref.subject ?? '',
    client_id: asked.requester,
    jti: `tok_${asked.id}`,
    txn: asked.id,
    iat,
    nbf: iat,
    exp: iat + 120,
    authorization_details: [
      {
        type: 'countersign_action',
        locations: [asked.body.aud ?? null],
        action: 'deployment.execute',
        actor: asked.ref.subject ?? '',
        call_sha256: sha256(asked.call.text).toString('hex'),
      },
    ],
    basis: 'decision',
    approvers: [],
    ledger: { origin: LOG, index: 0 },
    ...claims,
  });
  return `${head}.${body}.${TOKEN_KEY.sign(Buffer.from(`${head}.${body}`)).toString('base64url')}`;
}

/** Takes an action up: its dispatch, its exchange, and the token that left, disclosed. */
export function takeUp(
  scribe: Scribe,
  asked: Asked,
  how: { token?: string; exchanged?: JsonObject } = {},
): void {
  const token = scribe.secret(how.token ?? tokenFor(scribe, asked));
  dispatch(scribe, asked, {
    exchanged: { jti: `tok_${asked.id}`, kid: TOKEN_KID, token: token.commit, ...how.exchanged },
  });
  scribe.disclose({ id: `cap_${asked.id}`, of: 'token', secret: token });
}
