import { verify } from 'node:crypto';
import { isJsonObject, type JsonObject, parseStrict } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { OpenApproval, TokenTerms } from './open-approval.ts';
import { SLACK_MS, type World } from './world.ts';

const HEADER_MEMBERS: ReadonlySet<string> = new Set(['alg', 'typ', 'kid']);

function readPart(part: string | undefined): JsonObject | undefined {
  if (part === undefined || !/^[A-Za-z0-9_-]+$/.test(part)) return undefined;
  try {
    const value = parseStrict(Buffer.from(part, 'base64url').toString('utf8'));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function signatureProblem(world: World, token: string, kid: string): string | undefined {
  const [head, body, signature, ...rest] = token.split('.');
  const header = readPart(head);
  if (header === undefined || signature === undefined || rest.length > 0) return 'its token is not a JWT';
  if (header.alg !== 'ES256' || header.typ !== 'at+jwt') return 'its token is not an ES256 at+jwt';
  if (Object.keys(header).some((member) => !HEADER_MEMBERS.has(member)))
    return "its token's header says more than alg, typ and kid";
  if (header.kid !== kid) return 'its token names another key than the entry';
  const key = world.capabilityKeys.get(kid);
  if (key === undefined) return 'its token is signed with a key that is not in use';
  const signed = Buffer.from(`${head}.${body}`);
  const bytes = Buffer.from(signature, 'base64url');
  const valid = verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, bytes);
  return valid ? undefined : "its token's signature is wrong";
}

function timesProblem(claims: JsonObject, terms: TokenTerms): string | undefined {
  const { iat, exp } = claims;
  if (typeof iat !== 'number' || typeof exp !== 'number') return 'its token has no iat and exp';
  if (exp - iat > LIMITS.capabilityTokenTtlMs / 1000) return 'its token lasts too long';
  if (Math.abs(iat * 1000 - terms.exchangedAt) > SLACK_MS + 1000)
    return 'its token was made at another time than the entry says';
  if (terms.expiresAt !== undefined && Math.abs(exp * 1000 - terms.expiresAt) >= 1000)
    return 'its token ends at another time than the entry says';
  return undefined;
}

/** Why a disclosed token is not the one that the exchange tells of, or undefined: signature, audience, call, times. */
export function tokenProblem(
  world: World,
  found: { id: string; approval: OpenApproval; token: string },
): string | undefined {
  const { id, approval, token } = found;
  const terms = approval.token;
  if (terms === undefined) return 'no token left the gateway here';
  const reason = signatureProblem(world, token, terms.kid);
  if (reason !== undefined) return reason;
  const claims = readPart(token.split('.')[1]);
  if (claims === undefined) return "its token's claims are not JSON";
  if (claims.txn !== id) return 'its token is of another approval';
  if (claims.jti !== terms.jti) return 'its token has another jti than the entry';
  if (claims.sub !== approval.subject) return 'its token is for another subject';
  const jkt = isJsonObject(claims.cnf) ? claims.cnf.jkt : undefined;
  if (jkt !== terms.jkt) return 'its token is bound to another key than the entry says';
  const details = Array.isArray(claims.authorization_details) ? claims.authorization_details : [];
  const detail = details[0];
  if (details.length !== 1 || !isJsonObject(detail)) return 'its token does not name exactly one call';
  const { kind, aud } = approval.request;
  // The address of a server is not on the ledger; its name is.
  const [type, target] =
    kind === 'tool' ? ['mcp_tool_call', detail.server] : ['countersign_action', claims.aud];
  if (detail.type !== type || target !== aud) return 'its token is for another audience';
  if (approval.callSha256 !== undefined && detail.call_sha256 !== approval.callSha256)
    return 'its token is for another call';
  return timesProblem(claims, terms);
}
