import type { Approval } from '../approvals/approval.ts';
import type { Alongside } from '../approvals/decide.ts';
import type { NewId } from '../core/ids.ts';
import { type Capability, type CapabilityBasis, GATEWAY } from './capability.ts';
import { insertCapability } from './store.ts';

/**
 * The capability of a call that has just been approved, as rows and entries for the approval's own transaction:
 * without a durable approval there is none. It ends when the approval does.
 */
export function issueCapability(
  deps: { newId: NewId },
  input: { approval: Approval; basis: CapabilityBasis; dpop: boolean; at: number },
): Alongside {
  const { approval, basis, dpop, at } = input;
  const capability: Capability = {
    id: deps.newId('cap'),
    workspace: approval.workspace,
    approvalId: approval.id,
    state: 'issued',
    holder: approval.call.kind === 'tool' ? GATEWAY : approval.requester,
    aud: approval.call.server,
    digest: approval.action.commit,
    dpop,
    basis,
    issuedAt: at,
    expiresAt: approval.expiresAt,
    exchangedAt: undefined,
    revokedAt: undefined,
    revokeReason: undefined,
    jti: undefined,
    kid: undefined,
    jkt: undefined,
    tokenExpiresAt: undefined,
  };
  return {
    then: [insertCapability(capability)],
    entries: [
      {
        type: 'capability.issued',
        ref: {
          approval: approval.id,
          ...(approval.sessionId === undefined ? {} : { session: approval.sessionId }),
          subject: approval.subject,
        },
        body: {
          capability: capability.id,
          holder: capability.holder,
          aud: capability.aud,
          action: capability.digest,
          basis,
          dpop,
          expires_at: capability.expiresAt,
        },
      },
    ],
  };
}
