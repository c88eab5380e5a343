import {
  createLocalJWKSet,
  decodeProtectedHeader,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
} from 'jose';
import { systemClock } from '../../core/clock.ts';
import { checkDpop } from '../../core/dpop.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { LIMITS } from '../../core/limits.ts';
import { TOKEN_ALGORITHM, TOKEN_TYPE } from '../token.ts';
import { type CallToCarryOut, callDigest } from './call-digest.ts';
import { type CapabilityKeySource, capabilityKeys } from './key-source.ts';
import { refusal } from './refusal.ts';
import { refusalOf } from './refusal-of.ts';

export interface VerifyCapabilityOptions {
  /** The gateway's public origin. */
  readonly issuer: string;
  /** The gateway's key set, or `capabilityKeys(issuer)`. */
  readonly jwks?: JSONWebKeySet | CapabilityKeySource;
  /** Where the key set is fetched from on this call; `<issuer>/.well-known/jwks.json` when both are left out. */
  readonly jwksUri?: string;
  /** Whom the token must be for: this server's address as the gateway has it, `mcp:<name>`, or the resource. */
  readonly audience: string;
  /** What is about to be carried out. */
  readonly call: CallToCarryOut;
  /** The proof that came with the token. Given, the token must be bound to its key. */
  readonly dpop?: { readonly proof: string; readonly method: string; readonly url: string };
  /** Epoch milliseconds. */
  readonly now?: number;
  /** Refuses what a rule allowed without a decision; true unless told. */
  readonly requireDecision?: boolean;
  /**
   * Whether this id was given before; it must remember it in the same step, for 130 seconds: the 120 that tokens last,
   * and 5 of skew at either end. Without it a token can be used more than once while it lasts.
   */
  readonly seen?: (jti: string) => Promise<boolean>;
}

/** What a token was good for, now that it has been checked. */
export interface VerifiedCapability {
  readonly approval: string;
  readonly jti: string;
  /** The end user or the actor. */
  readonly subject: string;
  /** Who exchanged it; `gateway` for what the gateway sends itself. */
  readonly holder: string;
  /** `person:…` or `service_account:…`. */
  readonly approvers: readonly string[];
  readonly basis: 'decision' | 'policy' | 'break_glass';
  /** SHA-256 of the call, hex. */
  readonly callSha256: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  /** The key that it is bound to, if any. */
  readonly jkt: string | undefined;
  /** The ledger entry that decided it. */
  readonly ledger: { readonly origin: string; readonly index: number };
}

const FOREIGN_HEADERS = ['crit', 'jku', 'jwk', 'x5u', 'x5c', 'x5t', 'x5t#S256', 'b64', 'zip'];
const BASES = ['decision', 'policy', 'break_glass'];

function keysOf(options: VerifyCapabilityOptions): CapabilityKeySource {
  const { jwks, jwksUri, issuer } = options;
  if (typeof jwks === 'function') return jwks;
  if (jwks !== undefined) return createLocalJWKSet(jwks);
  return capabilityKeys(issuer, jwksUri === undefined ? {} : { uri: jwksUri });
}

/** Throws unless the header is that of a capability token and says nothing that would change what is verified. */
function checkHeader(token: string): void {
  let header: ReturnType<typeof decodeProtectedHeader>;
  try {
    header = decodeProtectedHeader(token);
  } catch (error) {
    throw refusal('malformed', 'The capability token is not a JWT.', error);
  }
  const foreign = FOREIGN_HEADERS.find((name) => name in header);
  if (foreign === undefined && header.alg === TOKEN_ALGORITHM && typeof header.kid === 'string') return;
  throw refusal('header', `The capability token is not acceptable: header "${foreign ?? 'alg or kid'}".`);
}

async function checkedClaims(
  token: string,
  options: VerifyCapabilityOptions,
  now: number,
): Promise<JWTPayload> {
  checkHeader(token);
  try {
    const { payload } = await jwtVerify(token, keysOf(options), {
      algorithms: [TOKEN_ALGORITHM],
      typ: TOKEN_TYPE,
      issuer: options.issuer,
      audience: options.audience,
      requiredClaims: ['iat', 'nbf', 'exp', 'jti', 'txn', 'sub', 'client_id'],
      clockTolerance: LIMITS.clockSkewMs / 1_000,
      currentDate: new Date(now),
    });
    return payload;
  } catch (error) {
    throw refusalOf(error);
  }
}

/** The one call of the token, or a refusal when it names none or several. */
function detailOf(claims: JWTPayload, audience: string): JsonObject {
  const details = claims.authorization_details;
  const detail: unknown = Array.isArray(details) && details.length === 1 ? details[0] : undefined;
  const locations = isJsonObject(detail) ? detail.locations : undefined;
  if (isJsonObject(detail) && Array.isArray(locations) && locations.length === 1 && locations[0] === audience)
    return detail;
  throw refusal('malformed', 'The capability token does not name exactly one call at this place.');
}

async function checkCall(detail: JsonObject, call: CallToCarryOut): Promise<string> {
  const { type, server, tool, action, actor, call_sha256: digest } = detail;
  const differs = (): never => {
    throw refusal('call', 'The capability token is for another call than the one that is about to be made.');
  };
  if (typeof digest !== 'string' || !/^[0-9a-f]{64}$/.test(digest)) return differs();
  if ('tool' in call && (type !== 'mcp_tool_call' || tool !== call.tool)) return differs();
  if ('tool' in call && call.server !== undefined && server !== call.server) return differs();
  if ('action' in call && (type !== 'countersign_action' || action !== call.action || actor !== call.actor))
    return differs();
  return (await callDigest(call, String(server))) === digest ? digest : differs();
}

async function checkBinding(
  token: string,
  claims: JWTPayload,
  options: VerifyCapabilityOptions,
  now: number,
): Promise<string | undefined> {
  const cnf = claims.cnf as { jkt?: unknown } | undefined;
  const jkt = typeof cnf?.jkt === 'string' ? cnf.jkt : undefined;
  if (options.dpop === undefined) {
    if (claims.token_type === 'DPoP')
      throw refusal('proof', 'The capability token is bound to a key: it needs a DPoP proof beside it.');
    return jkt;
  }
  const found = await checkDpop({ ...options.dpop, accessToken: token, now });
  if (!found.ok) throw refusal('proof', found.reason);
  if (jkt === undefined || found.jkt !== jkt)
    throw refusal('proof', 'The DPoP proof is by another key than the one that the token is bound to.');
  return jkt;
}

/**
 * Checks everything about a capability token before the call is carried out: algorithm, type and key; issuer, audience
 * and time (with 5 seconds of skew); that it is for exactly this call, by the digest of its very arguments; the key that it
 * is bound to; that somebody decided it; and, with `seen`, that it was not used before. Throws a `CapabilityRefusal`
 * whose code says why; whatever it throws, the call must not be made.
 */
export async function verifyCapability(
  token: string,
  options: VerifyCapabilityOptions,
): Promise<VerifiedCapability> {
  const now = options.now ?? systemClock();
  const claims = await checkedClaims(token, options, now);
  const { iat = 0, exp = 0, jti = '', basis } = claims;
  if (typeof claims.aud !== 'string')
    throw refusal('audience', 'The capability token is for several places.');
  if ((exp - iat) * 1_000 > LIMITS.capabilityTokenTtlMs)
    throw refusal('lifetime', 'The capability token would last longer than capability tokens do.');
  const callSha256 = await checkCall(detailOf(claims, options.audience), options.call);
  const jkt = await checkBinding(token, claims, options, now);
  const approvers = Array.isArray(claims.approvers) ? claims.approvers.map(String) : [];
  if (!BASES.includes(String(basis)))
    throw refusal('malformed', 'The capability token does not say who decided.');
  const decided = basis !== 'policy' && approvers.length > 0;
  if (!decided && options.requireDecision !== false)
    throw refusal('decision', 'A rule allowed this without anybody’s decision, which is not enough here.');
  if ((await options.seen?.(jti)) === true)
    throw refusal('used', 'The capability token was used before; it is good for one call.');
  const { origin, index } = (claims.ledger ?? {}) as { origin?: unknown; index?: unknown };
  return {
    approval: String(claims.txn),
    jti,
    subject: String(claims.sub),
    holder: String(claims.client_id),
    approvers,
    basis: basis as VerifiedCapability['basis'],
    callSha256,
    expiresAt: exp * 1_000,
    jkt,
    ledger: { origin: String(origin), index: Number(index) },
  };
}
