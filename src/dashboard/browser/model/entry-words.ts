import type { LogEntry } from '../../../sdk/log-entry.ts';

const WORDS: Readonly<Record<string, string>> = {
  'approval.requested': 'held for approval',
  'approval.decided': 'decided',
  'approval.approved': 'approved',
  'approval.denied': 'denied',
  'approval.expired': 'expired',
  'approval.cancelled': 'withdrawn',
  'approval.void': 'void: something had changed',
  'approval.escalated': 'more people may decide',
  'approval.resolved': 'outcome recorded by hand',
  'approval.revealed': 'hidden values were revealed',
  'break_glass.invoked': 'the glass was broken',
  'capability.issued': 'released a right to this one action',
  'capability.exchanged': 'the right was taken up',
  'capability.revoked': 'the right was withdrawn',
  'approval.executing': 'being carried out',
  'approval.outcome': 'the outcome is known',
  'approval.late_result': 'a result came late',
  'call.intent': 'sent to the server',
  'call.outcome': 'the server answered',
  'call.denied': 'denied by policy',
  'call.asked': 'the server asked something',
  'policy.replayed': 'past calls were judged by other files',
};

/** What an entry says, in words for people; a type without words of its own is named as it is. */
export function entryWords(entry: LogEntry): string {
  const { decision } = entry.body;
  if (entry.type === 'approval.decided' && (decision === 'approve' || decision === 'deny'))
    return decision === 'approve' ? 'a person approved' : 'a person denied';
  if (entry.type === 'approval.revealed' && entry.body.what === 'result')
    return 'hidden values of the result were revealed';
  return WORDS[entry.type] ?? entry.type;
}

/** What approving releases, as the entry of the request commits to it. */
export function releaseTerms(
  timeline: readonly LogEntry[],
): { readonly ttlMs: number; readonly dpop: boolean } | undefined {
  const requested = timeline.find((entry) => entry.type === 'approval.requested');
  const capability = requested?.body.capability as { ttl_s?: unknown; dpop?: unknown } | undefined;
  if (typeof capability?.ttl_s !== 'number') return undefined;
  return { ttlMs: capability.ttl_s * 1000, dpop: capability.dpop === true };
}
