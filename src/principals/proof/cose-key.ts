import { createPublicKey, type KeyObject } from 'node:crypto';

/** The signature algorithms that a passkey of ours can have (IANA COSE Algorithms). */
export type PasskeyAlgorithm = 'EdDSA' | 'ES256' | 'RS256';

export interface PasskeyKey {
  readonly algorithm: PasskeyAlgorithm;
  readonly key: KeyObject;
}

type CoseMap = ReadonlyMap<number, number | Uint8Array>;

const ALGORITHMS: ReadonlyMap<number, PasskeyAlgorithm> = new Map([
  [-8, 'EdDSA'],
  [-7, 'ES256'],
  [-257, 'RS256'],
]);

/** The head of a CBOR item (RFC 8949 §3); lengths and integers here never need more than two bytes. */
function readHead(bytes: Uint8Array, at: number): { major: number; value: number; next: number } | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  const low = first & 0x1f;
  const extra = low < 24 ? 0 : low === 24 ? 1 : low === 25 ? 2 : -1;
  if (extra < 0 || at + extra >= bytes.length) return undefined;
  let value = extra === 0 ? low : 0;
  for (let index = 1; index <= extra; index++) value = value * 256 + (bytes[at + index] as number);
  return { major: first >> 5, value, next: at + 1 + extra };
}

/** A flat map of integers to integers or byte strings, which is all that a COSE key of these kinds is. */
function readMap(bytes: Uint8Array): CoseMap | undefined {
  const head = readHead(bytes, 0);
  if (head?.major !== 5) return undefined;
  const members = new Map<number, number | Uint8Array>();
  let at = head.next;
  for (let index = 0; index < head.value; index++) {
    const label = readHead(bytes, at);
    if (label === undefined || label.major > 1) return undefined;
    const name = label.major === 0 ? label.value : -1 - label.value;
    const item = readHead(bytes, label.next);
    if (item === undefined || item.major > 2 || members.has(name)) return undefined;
    if (item.major === 2) {
      at = item.next + item.value;
      if (at > bytes.length) return undefined;
      members.set(name, bytes.subarray(item.next, at));
    } else {
      at = item.next;
      members.set(name, item.major === 0 ? item.value : -1 - item.value);
    }
  }
  return at === bytes.length ? members : undefined;
}

function jwkOf(members: CoseMap, algorithm: PasskeyAlgorithm): Record<string, string> | undefined {
  const text = (label: number): string => {
    const value = members.get(label);
    return value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : '';
  };
  const is = (kty: number, crv?: number): boolean =>
    members.get(1) === kty && (crv === undefined || members.get(-1) === crv);
  if (algorithm === 'EdDSA') return is(1, 6) ? { kty: 'OKP', crv: 'Ed25519', x: text(-2) } : undefined;
  if (algorithm === 'ES256')
    return is(2, 1) ? { kty: 'EC', crv: 'P-256', x: text(-2), y: text(-3) } : undefined;
  return is(3) ? { kty: 'RSA', n: text(-1), e: text(-2) } : undefined;
}

/** Reads a COSE public key (RFC 9053 §7), base64url, of an Ed25519, P-256 or RSA passkey; undefined for any other. */
export function readCoseKey(publicKey: string): PasskeyKey | undefined {
  const members = readMap(Buffer.from(publicKey, 'base64url'));
  const algorithm = ALGORITHMS.get(Number(members?.get(3)));
  const jwk = members && algorithm && jwkOf(members, algorithm);
  if (jwk === undefined || algorithm === undefined) return undefined;
  try {
    return { algorithm, key: createPublicKey({ key: jwk, format: 'jwk' }) };
  } catch {
    return undefined;
  }
}
