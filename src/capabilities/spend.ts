import type { Approval } from '../approvals/approval.ts';
import type { Spent } from '../approvals/replay.ts';
import type { Clock } from '../core/clock.ts';
import type { Reader } from '../storage/database.ts';
import { GATEWAY } from './capability.ts';
import { capabilityOf, spendCapability, unspentCapability } from './store.ts';

/**
 * The exchange of a capability by the gateway itself, which replays the call that it stands for: rows, entries and a
 * condition for the claim's transaction, so that whoever claims has spent it, and nobody spends it twice.
 */
export async function spendInternally(
  deps: { database: Reader; now: Clock },
  approval: Approval,
): Promise<Spent> {
  const capability = await capabilityOf(deps.database, approval.id);
  if (capability === undefined || capability.holder !== GATEWAY)
    throw new Error('no capability was released for it');
  const now = deps.now();
  return {
    condition: unspentCapability({ approvalId: approval.id, now }),
    then: [spendCapability({ id: capability.id, at: now })],
    entries: [
      {
        type: 'capability.exchanged',
        ref: {
          approval: approval.id,
          ...(approval.sessionId === undefined ? {} : { session: approval.sessionId }),
          subject: approval.subject,
        },
        body: { capability: capability.id, holder: GATEWAY },
      },
    ],
  };
}
