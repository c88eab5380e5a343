import type { Approval } from '../approvals/approval.ts';
import type { Spent } from '../approvals/replay.ts';
import { CountersignError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { CapabilityDeps } from './deps.ts';
import { type MintedToken, spendFor } from './spend.ts';
import { authorizationDetail, type Binding } from './token.ts';

export interface ExchangeDeps extends CapabilityDeps {
  /** Claims the approved action for its requester and spends its capability, in one transaction. */
  readonly takeUp: (input: {
    approvalId: string;
    holder: string;
    spend: (approval: Approval) => Promise<Spent>;
  }) => Promise<Approval>;
}

/** What the holder gets, once (RFC 8693 §2.2.1). */
export interface ExchangedCapability {
  readonly token: string;
  readonly tokenType: 'Bearer' | 'DPoP';
  readonly expiresInSeconds: number;
  readonly authorizationDetails: readonly JsonObject[];
}

function refuseActor(approval: Approval, actor: string | undefined): void {
  const expected = approval.call.action?.actor;
  if (actor === undefined || actor === expected) return;
  throw new CountersignError('invalid_request', `actor: expected ${expected}, who acts in ${approval.id}`, {
    fields: [{ field: 'actor', expected: String(expected) }],
  });
}

/**
 * Exchanges an approved action for its token, exactly once: the token exists outside only when claim, spending and
 * ledger entries are durable. Throws what `takeUp` and `spendFor` throw, and `invalid_request` when `actor` is not the
 * one whom the approval names.
 */
export async function exchangeCapability(
  deps: ExchangeDeps,
  input: { approvalId: string; holder: string; actor: string | undefined; binding: Binding | undefined },
): Promise<ExchangedCapability> {
  const { approvalId, holder, actor, binding } = input;
  const spent: { minted?: MintedToken } = {};
  const approval = await deps.takeUp({
    approvalId,
    holder,
    async spend(found) {
      refuseActor(found, actor);
      const spending = await spendFor(deps, found, { holder, token: { aud: found.call.server, binding } });
      if (spending.minted !== undefined) spent.minted = spending.minted;
      return spending;
    },
  });
  if (spent.minted === undefined) throw new CountersignError('internal', 'No token was made.');
  return {
    token: spent.minted.token,
    tokenType: spent.minted.bound ? 'DPoP' : 'Bearer',
    expiresInSeconds: spent.minted.lastsSeconds,
    authorizationDetails: [authorizationDetail(approval, approval.call.server)],
  };
}
