import type { ExplainedVerdict } from '../sdk/policies.ts';
import { showDuration } from './duration.ts';

/** What approving would take and how long things are kept, one fact a line; empty where a verdict says neither. */
export function termsLines({ approval, retainMs }: ExplainedVerdict): string[] {
  const lines: string[] = [];
  if (approval !== undefined) {
    const { authenticator, capability, escalations, groups, quorum } = approval;
    const whom = groups.length === 0 ? 'anyone who is enrolled' : groups.join(', ');
    if (quorum > 0)
      lines.push(
        `approval: ${quorum} of ${whom}, within ${showDuration(approval.expiresMs)}${approval.excludeRequester ? ', not the requester' : ''}`,
      );
    if (approval.approver === 'automation')
      lines.push('approver: a registered service account may decide too');
    for (const { afterMs, groups: more } of escalations)
      lines.push(`escalate: after ${showDuration(afterMs)} also ${more.join(', ')}`);
    const { backupEligible, attestation, aaguids } = authenticator;
    if (backupEligible === false) lines.push('authenticator: bound to one device');
    if (attestation !== undefined) lines.push(`authenticator: attested as ${attestation.join(' or ')}`);
    if (aaguids !== undefined) lines.push(`authenticator: AAGUID ${aaguids.join(' or ')}`);
    lines.push(
      `capability: ${showDuration(capability.ttlMs)}${capability.dpop ? ', with proof of a key' : ''}`,
    );
  }
  if (retainMs !== undefined) lines.push(`retain: ${showDuration(retainMs)}`);
  return lines;
}
