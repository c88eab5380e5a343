import type { Alongside } from '../approvals/decide.ts';
import type { EntryDraft } from '../ledger/entry.ts';
import { type Capability, capabilityState } from './capability.ts';
import type { CapabilityDeps } from './deps.ts';
import { getCapability } from './list.ts';
import { revokeCapability } from './store.ts';

export interface RevokeDeps extends Pick<CapabilityDeps, 'database' | 'ledger' | 'now'> {
  /** Makes the approved call void that nobody can carry out any more: rows and entries of the same transaction. */
  readonly voidApproval: (input: { approvalId: string; reason: string; at: number }) => Promise<Alongside>;
  readonly onChanged: (approvalId: string) => void;
}

const ROUNDS = 4;

function revokedEntry(capability: Capability, input: { by: string; reason: string }): EntryDraft {
  return {
    type: 'capability.revoked',
    ref: { approval: capability.approvalId, principal: input.by, action: 'capabilities.revoke' },
    body: { capability: capability.id, reason: input.reason },
  };
}

/**
 * Ends a capability now. One that nobody has exchanged yet takes its approval with it, which becomes void; the token of
 * one that was exchanged is no longer in force for those who ask the gateway. Doing it again, or when it has run out or
 * its approval has ended, changes nothing. Throws `not_found`.
 */
export async function revokeById(
  deps: RevokeDeps,
  input: { id: string; by: string; reason: string },
): Promise<Capability> {
  for (let round = 0; ; round += 1) {
    const capability = await getCapability(deps.database, input.id);
    const at = deps.now();
    const state = capabilityState(capability, at);
    if (state === 'revoked' || state === 'expired' || round === ROUNDS) return capability;
    const { approvalId } = capability;
    const reason = `Its capability was revoked: ${input.reason}`;
    const ended =
      state === 'issued' ? await deps.voidApproval({ approvalId, reason, at }) : { then: [], entries: [] };
    const applied = await deps.ledger.commit({
      guard: revokeCapability({ id: capability.id, from: state, reason: input.reason, at }),
      then: ended.then,
      entries: [revokedEntry(capability, input), ...ended.entries],
    });
    if (applied.kind === 'refused') continue;
    deps.onChanged(approvalId);
    return { ...capability, state: 'revoked', revokedAt: at, revokeReason: input.reason };
  }
}
