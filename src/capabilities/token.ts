import type { Approval } from '../approvals/approval.ts';
import type { JsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { Capability } from './capability.ts';

/** The media type of access tokens that are JWTs (RFC 9068 §2.1). */
export const TOKEN_TYPE = 'at+jwt';

/** The only signature algorithm of capability tokens (RFC 7518 §3.4). */
export const TOKEN_ALGORITHM = 'ES256';

/** What re-verifying an approval against the ledger has established. */
export interface Reverified {
  /** The sequence of the entry that decided it. */
  readonly index: number;
  /** The commitment of the call that was approved. */
  readonly action: string;
  /** `person:…` or `service_account:…`; empty when a rule allowed the action without a decision. */
  readonly approvers: readonly string[];
  readonly basis: 'decision' | 'policy' | 'break_glass';
  /** For whom the action was requested. */
  readonly subject: string;
  /** What approving it released. Epoch milliseconds. */
  readonly released: { readonly holder: string; readonly dpop: boolean; readonly expiresAt: number };
}

/** The key that a token is bound to. */
export interface Binding {
  /** RFC 7638 SHA-256 thumbprint. */
  readonly jkt: string;
  /** It was proven by DPoP, so the token is good only beside a proof by the same key (RFC 9449 §7.1). */
  readonly proven: boolean;
}

/** What a token says of the one call that it is good for (RFC 9396 §2). */
export function authorizationDetail(approval: Approval, aud: string): JsonObject {
  const { call } = approval;
  const callSha256 = call.digest.replace(/^sha256:/, '');
  return call.kind === 'tool'
    ? {
        type: 'mcp_tool_call',
        locations: [aud],
        server: call.server,
        tool: call.tool,
        call_sha256: callSha256,
      }
    : {
        type: 'countersign_action',
        locations: [aud],
        action: call.tool,
        actor: call.action?.actor ?? approval.subject,
        call_sha256: callSha256,
      };
}

/**
 * The claims of a capability's token (RFC 9068 §2.2, RFC 9396 §9.1, RFC 7800 §3.1). `aud` is where the call goes: the
 * address of a server, `mcp:<name>` of a local one, or the resource of an action. It lasts `LIMITS.capabilityTokenTtlMs`,
 * and not past the second in which the capability ends.
 */
export function tokenClaims(input: {
  capability: Capability;
  approval: Approval;
  verified: Reverified;
  issuer: string;
  log: string;
  aud: string;
  jti: string;
  binding: Binding | undefined;
  now: number;
}): JsonObject & { readonly iat: number; readonly exp: number } {
  const { capability, approval, verified, aud, binding } = input;
  const iat = Math.floor(input.now / 1_000);
  const exp = Math.min(iat + LIMITS.capabilityTokenTtlMs / 1_000, Math.ceil(capability.expiresAt / 1_000));
  return {
    iss: input.issuer,
    aud,
    sub: approval.subject,
    client_id: capability.holder,
    jti: input.jti,
    txn: approval.id,
    iat,
    nbf: iat,
    exp,
    ...(binding === undefined ? {} : { cnf: { jkt: binding.jkt } }),
    ...(binding?.proven === true ? { token_type: 'DPoP' } : {}),
    authorization_details: [authorizationDetail(approval, aud)],
    basis: verified.basis,
    approvers: [...verified.approvers],
    ledger: { origin: input.log, index: verified.index },
  };
}
