import { createHash, createHmac } from 'node:crypto';

const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const GX = 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n;
const GY = 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n;

type Point = readonly [bigint, bigint] | undefined;

const mod = (value: bigint, by: bigint): bigint => ((value % by) + by) % by;

function inverse(value: bigint, by: bigint): bigint {
  let [a, b, x, y] = [mod(value, by), by, 1n, 0n];
  while (a > 1n) {
    const quotient = a / b;
    [a, b] = [b, a % b];
    [x, y] = [y, x - quotient * y];
  }
  return mod(x, by);
}

function add(p: Point, q: Point): Point {
  if (p === undefined) return q;
  if (q === undefined) return p;
  const [px, py] = p;
  const [qx, qy] = q;
  if (px === qx && mod(py + qy, P) === 0n) return undefined;
  const slope = px === qx ? (3n * px * px - 3n) * inverse(2n * py, P) : (qy - py) * inverse(qx - px, P);
  const x = mod(slope * slope - px - qx, P);
  return [x, mod(slope * (px - x) - py, P)];
}

/** Of each of the 64 hex digits of a scalar, what its values contribute. */
const WINDOWS: readonly (readonly Point[])[] = (() => {
  const windows: Point[][] = [];
  let base: Point = [GX, GY];
  for (let digit = 0; digit < 64; digit++) {
    const window: Point[] = [undefined];
    for (let value = 1; value < 16; value++) window.push(add(window[value - 1], base));
    base = add(window[15], base);
    windows.push(window);
  }
  return windows;
})();

function times(scalar: bigint): Point {
  const digits = scalar.toString(16).padStart(64, '0');
  return WINDOWS.reduce<Point>(
    (sum, window, index) => add(sum, window[Number.parseInt(digits[63 - index] as string, 16)]),
    undefined,
  );
}

const bytes = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
const integer = (buffer: Uint8Array): bigint => BigInt(`0x${Buffer.from(buffer).toString('hex')}`);

/** The nonce of RFC 6979 §3.2 with SHA-256, so that equal input gives equal signatures. */
function nonceOf(secret: bigint, digest: Buffer): bigint {
  const seed = Buffer.concat([bytes(secret), bytes(mod(integer(digest), N))]);
  let [k, v]: [Buffer, Buffer] = [Buffer.alloc(32), Buffer.alloc(32, 1)];
  const mac = (...parts: Uint8Array[]): Buffer =>
    createHmac('sha256', k).update(Buffer.concat(parts)).digest();
  for (const round of [0, 1]) {
    k = mac(v, Buffer.from([round]), seed);
    v = mac(v);
  }
  for (;;) {
    v = mac(v);
    const candidate = integer(v);
    if (candidate > 0n && candidate < N) return candidate;
    k = mac(v, Buffer.from([0]));
    v = mac(v);
  }
}

/** A P-256 key whose ECDSA signatures are always the same for the same bytes. */
export interface FixedP256 {
  readonly jwk: { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string };
  /** r ‖ s, 64 bytes, over SHA-256 of the message. */
  sign(message: Uint8Array): Buffer;
}

export function fixedP256(seed: Uint8Array): FixedP256 {
  const secret = mod(integer(seed), N - 1n) + 1n;
  const [x, y] = times(secret) as readonly [bigint, bigint];
  const url = (value: bigint): string => bytes(value).toString('base64url');
  return {
    jwk: { kty: 'EC', crv: 'P-256', x: url(x), y: url(y) },
    sign(message) {
      const digest = createHash('sha256').update(message).digest();
      const nonce = nonceOf(secret, digest);
      const [rx] = times(nonce) as readonly [bigint, bigint];
      const r = mod(rx, N);
      const s = mod(inverse(nonce, N) * (integer(digest) + r * secret), N);
      return Buffer.concat([bytes(r), bytes(s)]);
    },
  };
}

/** The same signature as the DER that WebAuthn carries. */
export function derOf(signature: Buffer): Buffer {
  const part = (value: Buffer): Buffer => {
    let start = 0;
    while (start < value.length - 1 && value[start] === 0) start++;
    const trimmed = value.subarray(start);
    const padded = (trimmed[0] as number) >= 0x80 ? Buffer.concat([Buffer.alloc(1), trimmed]) : trimmed;
    return Buffer.concat([Buffer.from([2, padded.length]), padded]);
  };
  const body = Buffer.concat([part(signature.subarray(0, 32)), part(signature.subarray(32))]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}
