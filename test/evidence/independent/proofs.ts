import { createPublicKey, verify } from 'node:crypto';
import { canonical, fail, must, same, sha256 } from './bytes.ts';

const url = (text: unknown): Buffer =>
  typeof text === 'string' && /^[A-Za-z0-9_-]*$/.test(text)
    ? Buffer.from(text, 'base64url')
    : fail('not base64url');

/** The flat CBOR map of a COSE key. */
function cose(bytes: Buffer): Map<number, number | Buffer> {
  let at = 0;
  const head = (): [number, number] => {
    const first = bytes[at++] ?? fail('CBOR ends');
    const extra = [24, 25].indexOf(first & 31) + 1;
    must((first & 31) <= 25, 'CBOR too long');
    const value = extra === 0 ? first & 31 : bytes.readUIntBE(at, extra);
    at += extra;
    return [first >> 5, value];
  };
  const [major, count] = head();
  must(major === 5, 'not a COSE map');
  const map = new Map<number, number | Buffer>();
  for (let index = 0; index < count; index++) {
    const [sign, label] = head();
    const [kind, value] = head();
    must(sign < 2 && kind < 3, 'not a COSE key');
    const name = sign === 1 ? -1 - label : label;
    if (kind === 2) {
      map.set(name, bytes.subarray(at, at + value));
      at += value;
    } else map.set(name, kind === 1 ? -1 - value : value);
  }
  must(at === bytes.length, 'something follows the COSE key');
  return map;
}

function passkeySigned(publicKey: string, data: Buffer, signature: Buffer): boolean {
  const map = cose(url(publicKey));
  const part = (label: number): string => (map.get(label) as Buffer).toString('base64url');
  const alg = map.get(3);
  const jwk =
    alg === -7
      ? { kty: 'EC', crv: 'P-256', x: part(-2), y: part(-3) }
      : alg === -8
        ? { kty: 'OKP', crv: 'Ed25519', x: part(-2) }
        : { kty: 'RSA', n: part(-1), e: part(-2) };
  return verify(alg === -8 ? null : 'sha256', data, createPublicKey({ key: jwk, format: 'jwk' }), signature);
}

export function originFits(origin: string, rpId: string): boolean {
  const { protocol, hostname, origin: bare } = new URL(origin);
  const local = hostname === 'localhost' || hostname.endsWith('.localhost');
  const inside = hostname === rpId || hostname.endsWith(`.${rpId}`);
  return bare === origin && inside && (protocol === 'https:' || (protocol === 'http:' && local));
}

/** Checks a passkey's proof and gives the flags that were signed. */
export function provePasskey(proof: any, text: string, passkey: any): number {
  must(proof.kind === 'passkey' && proof.credential_id === passkey.credential_id, 'another passkey');
  const clientData = url(proof.client_data_json);
  const data = url(proof.authenticator_data);
  const client = JSON.parse(clientData.toString());
  const challenge = sha256(`countersign/statement/v1\n${text}`).toString('base64url');
  must(client.type === 'webauthn.get', 'another type');
  must(client.challenge === challenge, 'another challenge');
  must(!client.crossOrigin && client.topOrigin === undefined, 'another site’s frame');
  must(originFits(client.origin, passkey.rp_id), 'another origin');
  must(data.length >= 37 && data.subarray(0, 32).equals(sha256(passkey.rp_id)), 'another RP');
  const flags = data[32] as number;
  must((flags & 5) === 5, 'nobody present or verified');
  must((flags & 0x18) !== 0x10, 'flags that cannot be');
  const signed = Buffer.concat([data, sha256(clientData)]);
  must(passkeySigned(passkey.public_key, signed, url(proof.signature)), 'a wrong signature');
  return flags;
}

export function proveAccount(proof: any, statement: string, account: any): void {
  must(
    proof.kind === 'service_account' && proof.service_account === account.service_account,
    'another account',
  );
  const key = createPublicKey({ key: account.public_key, format: 'jwk' });
  const signature = url(proof.signature);
  const challenge = sha256(`countersign/statement/v1\n${statement}`);
  const isEd = account.public_key.kty === 'OKP';
  must(proof.alg === (isEd ? 'Ed25519' : 'ES256'), 'another algorithm');
  const ok = isEd
    ? verify(null, challenge, key, signature)
    : (['der', 'ieee-p1363'] as const).some((dsaEncoding) =>
        verify('sha256', challenge, { key, dsaEncoding }, signature),
      );
  must(ok, 'a wrong signature of a service account');
}

/** What was signed: the statement itself, or a batch that lists its digest. */
export function signedText(proof: any, statement: string, by: { log: string; approver: string }): string {
  if (proof.batch === undefined) return statement;
  const { statements, ...rest } = canonical(proof.batch);
  must(same(rest, { typ: 'batch-statement/v1', ...by }), 'another batch');
  const digest = sha256(`countersign/statement/v1\n${statement}`).toString('hex');
  must(statements.filter((one: unknown) => one === digest).length === 1, 'not in the batch');
  must(
    statements.every((one: any, at: number) => /^[0-9a-f]{64}$/.test(one) && statements.indexOf(one) === at),
    'no list of digests',
  );
  return proof.batch;
}

/** A statement must say exactly this, with a fresh nonce of its own. */
export function checkStatement(text: string, expected: object, at: { ts: number; nonces: Set<string> }): any {
  const statement = canonical(text);
  const { nonce, exp } = statement;
  must(same(statement, { ...expected, nonce, exp }), 'a statement says something else');
  must(/^[A-Za-z0-9_-]{43}$/.test(nonce) && !at.nonces.has(nonce), 'a nonce that was used');
  must(Number.isSafeInteger(exp) && at.ts <= exp * 1000 + 5_000, 'a statement that has run out');
  at.nonces.add(nonce);
  return statement;
}

/** Checks a disclosed token against what its exchange says. */
export function checkToken(
  jws: string,
  at: { keys: Map<string, any>; entry: any; request: any; callSha: string | undefined },
): void {
  const { keys, entry, request, callSha } = at;
  const [head = '', body = '', signature = '', more] = jws.split('.');
  must(more === undefined, 'not a JWS');
  const header = JSON.parse(url(head).toString());
  must(same(header, { alg: 'ES256', typ: 'at+jwt', kid: entry.body.kid }), 'another header');
  const key = createPublicKey({ key: keys.get(header.kid) ?? fail('an unknown key'), format: 'jwk' });
  const input = Buffer.from(`${head}.${body}`);
  must(
    verify('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, url(signature)),
    'a wrong signature of a token',
  );
  const claims = JSON.parse(url(body).toString());
  const { body: asked, ref } = request;
  must(
    claims.txn === ref.approval && claims.jti === entry.body.jti && claims.sub === ref.subject,
    'another token',
  );
  must(claims.cnf?.jkt === entry.body.jkt, 'another key');
  must(claims.authorization_details.length === 1, 'more than one call');
  const detail = claims.authorization_details[0];
  if (asked.kind === 'tool')
    must(detail.type === 'mcp_tool_call' && detail.server === asked.aud, 'another server');
  else must(detail.type === 'countersign_action' && claims.aud === asked.aud, 'another audience');
  must(callSha === undefined || detail.call_sha256 === callSha, 'another call');
  must(claims.exp - claims.iat <= 120 && Math.abs(claims.iat * 1000 - entry.ts) <= 6_000, 'another time');
  const ends = entry.body.token_expires_at;
  must(ends === undefined || Math.abs(claims.exp * 1000 - ends) < 1_000, 'another end');
}
