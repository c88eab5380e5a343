import type { PlantedBug } from './bug.ts';

const QUORUM = ['test/approvals/quorum.test.ts'];
const WHO = ['test/approvals/who-decides.test.ts'];
const DECIDE = ['test/approvals/decide.test.ts'];
const GLASS = ['test/approvals/break-glass.test.ts'];
const ESCALATE = ['test/approvals/escalate.test.ts'];
const RECHECK = ['test/approvals/recheck.test.ts'];
const MODEL = ['test/approvals/model.test.ts'];
const TERMS = ['test/policy/approval-terms.test.ts', 'test/policy/combine.property.test.ts'];
const PAGE = ['test/dashboard/quorum.test.ts'];

/** Defects of quorum, separation, escalation, breaking the glass, and the terms on passkeys. */
export const QUORUM_BUGS: readonly PlantedBug[] = [
  {
    name: 'a quorum counts decisions, not people',
    file: 'src/approvals/quorum.ts',
    find: '[...new Set(approving.map((one) => one.approver))]',
    replace: 'approving.map((one) => one.approver)',
    tests: QUORUM,
  },
  {
    name: 'a person with a second key decides again',
    file: 'src/approvals/offer.ts',
    find: 'earlier.some((one) => one.approver === decided.by)',
    replace: 'earlier.length < 0',
    tests: [...DECIDE, ...GLASS],
  },
  {
    name: 'the guard of a decision does not look for an earlier one of the same person',
    file: 'src/approvals/transitions/store.ts',
    find: 'AND NOT EXISTS (SELECT 1 FROM decision WHERE approval_id = approval.id AND approver = ?)',
    replace: 'AND ? IS NOT NULL',
    tests: ['test/approvals/transitions.test.ts'],
  },
  {
    name: 'the guard of a decision ignores that the person left the group',
    file: 'src/approvals/transitions/store.ts',
    find: 'WHERE id = ? AND groups = ? AND removed_at IS NULL',
    replace: 'WHERE id = ? AND ? IS NOT NULL AND removed_at IS NULL',
    tests: WHO,
  },
  {
    name: 'the guard of a decision ignores that the key was removed',
    file: 'src/approvals/decide.ts',
    find: 'conditions: [verified.stillValid, approverStands(approver)]',
    replace: 'conditions: [approverStands(approver)]',
    tests: WHO,
  },
  {
    name: 'breaking the glass counts towards the quorum',
    file: 'src/approvals/quorum.ts',
    find: 'if (approversOf(decisions, false).length >= quorum)',
    replace: 'if (approversOf(decisions, false).length + approversOf(decisions, true).length >= quorum)',
    tests: QUORUM,
  },
  {
    name: 'one person breaks the glass alone',
    file: 'src/approvals/quorum.ts',
    find: 'approversOf(decisions, true).length >= LIMITS.breakGlassApprovers',
    replace: 'approversOf(decisions, true).length >= 1',
    tests: GLASS,
  },
  {
    name: 'anybody breaks the glass',
    file: 'src/approvals/approver.ts',
    find: 'return approver.groups.includes(BREAK_GLASS_GROUP)',
    replace: 'return approver.groups.length >= 0',
    tests: GLASS,
  },
  {
    name: 'a user whom an action names decides about it',
    file: 'src/approvals/approver.ts',
    find: '[subject, `user:',
    replace: '[subject, `it:',
    tests: QUORUM,
  },
  {
    name: 'the requester breaks the glass where the rule lets them decide',
    file: 'src/approvals/approver.ts',
    find: '(breakGlass || terms.excludeRequester)',
    replace: 'terms.excludeRequester',
    tests: GLASS,
  },
  {
    name: 'a synced key breaks the glass',
    file: 'src/approvals/approver.ts',
    find: 'const boundToDevice = breakGlass || terms.backupEligible === false;',
    replace: 'const boundToDevice = terms.backupEligible === false;',
    tests: GLASS,
  },
  {
    name: 'the glass is broken without a reason',
    file: 'src/approvals/offer.ts',
    find: 'if (breakGlass) checkBreakGlass({ decision, reason });',
    replace: "if (breakGlass) checkBreakGlass({ decision, reason: 'x' });",
    tests: GLASS,
  },
  {
    name: 'what breaking the glass releases lasts as long as any other',
    file: 'src/approvals/quorum.ts',
    find: 'return breakGlass ? Math.min(ttlMs, LIMITS.breakGlassTtlMs) : ttlMs;',
    replace: 'return ttlMs;',
    tests: GLASS,
  },
  {
    name: 'nobody is told that the glass was broken',
    file: 'src/approvals/decide.ts',
    find: 'if (broken !== undefined) deps.onBreakGlass({ ...use, ...broken });',
    replace: 'if (use.needed < 0 && broken !== undefined) deps.onBreakGlass({ ...use, ...broken });',
    tests: GLASS,
  },
  {
    name: 'the requester is known by id alone, not by the subject of their sessions',
    file: 'src/approvals/approver.ts',
    find: '...(subject === undefined ? [] : [subject',
    replace: "...(approver.id !== '' ? [] : [subject",
    tests: WHO,
  },
  {
    name: 'who asked is not compared, only for whom',
    file: 'src/approvals/approver.ts',
    find: 'return own.includes(approval.subject) || own.includes(approval.requester);',
    replace: 'return own.includes(approval.subject);',
    tests: QUORUM,
  },
  {
    name: 'an escalation lets its groups decide from the start',
    file: 'src/approvals/approver.ts',
    find: 'terms.escalations.filter((one) => at.now >= at.requestedAt + one.afterMs)',
    replace: 'terms.escalations.filter((one) => at.now >= at.requestedAt)',
    tests: ESCALATE,
  },
  {
    name: 'an escalation is recorded again and again',
    file: 'src/approvals/transitions/store.ts',
    find: "UPDATE approval SET escalated_at = ?, escalate_at = ?, rev = rev + 1\n      WHERE id = ? AND state = 'pending' AND escalate_at = ?",
    replace:
      "UPDATE approval SET escalated_at = ?, escalate_at = coalesce(?, escalate_at), rev = rev + 1\n      WHERE id = ? AND state = 'pending' AND escalate_at = ?",
    tests: ESCALATE,
  },
  {
    name: 'terms on the passkey are not looked at',
    file: 'src/approvals/decide.ts',
    find: 'authenticatorRefusal(terms.authenticator, verified.authenticator, breakGlass)',
    replace: 'authenticatorRefusal({}, verified.authenticator, breakGlass)',
    tests: WHO,
  },
  {
    name: 'the models of authenticators are not compared',
    file: 'src/approvals/approver.ts',
    find: '!aaguids.includes(shown.aaguid.toLowerCase())',
    replace: 'aaguids.length === 0',
    tests: WHO,
  },
  {
    name: 'a replay does not ask whether the key that signed is still enrolled',
    file: 'src/principals/approver-now.ts',
    find: 'if (passkey === undefined || signed.approver',
    replace: 'if (passkey === undefined) return facts;\n  if (signed.approver',
    tests: RECHECK,
  },
  {
    name: 'a replay does not ask who still stands when the glass was broken',
    file: 'src/gate/recheck-approvers.ts',
    find: "const counted = decisions.filter((one) => one.decision === 'approve' && one.breakGlass === breakGlass);",
    replace: "const counted = decisions.filter((one) => one.decision === 'approve' && !one.breakGlass);",
    tests: GLASS,
  },
  {
    name: 'a replay takes those whom an escalation let in as they are judged at the request',
    file: 'src/gate/recheck-approvers.ts',
    find: 'approverRefusal(terms, approver, { approval, maker, at: made.decidedAt, breakGlass })',
    replace: 'approverRefusal(terms, approver, { approval, maker, at: approval.requestedAt, breakGlass })',
    tests: ESCALATE,
  },
  {
    name: 'a replay forgets the group break-glass',
    file: 'src/gate/recheck-approvers.ts',
    find: 'approverRefusal(terms, approver, { approval, maker, at: made.decidedAt, breakGlass })',
    replace: 'approverRefusal(terms, approver, { approval, maker, at: made.decidedAt, breakGlass: false })',
    tests: [...GLASS, ...MODEL],
  },
  {
    name: 'a decision is written without what it means on the ledger',
    file: 'src/approvals/decision-entries.ts',
    find: '...(breakGlass === undefined ? {} : { break_glass: true })',
    replace: '...(breakGlass === undefined || principal === undefined ? {} : {})',
    tests: MODEL,
  },
  {
    name: 'authenticator terms of several rules are united, not intersected',
    file: 'src/policy/approval-terms.ts',
    find: 'return first?.filter((one) => rest.every((list) => list.includes(one)));',
    replace: 'return first && [...new Set([first, ...rest].flat())].sort();',
    tests: TERMS,
  },
  {
    name: 'what no passkey can approve is held for ever',
    file: 'src/policy/combine.ts',
    find: "const effect = dead === undefined ? strict : 'deny';",
    replace: 'const effect = dead === undefined ? strict : strict;',
    tests: TERMS,
  },
  {
    name: 'proof of a key is asked for only if every rule asks',
    file: 'src/policy/approval-terms.ts',
    find: 'dpop: all.some((terms) => terms.capability.dpop)',
    replace: 'dpop: all.every((terms) => terms.capability.dpop)',
    tests: TERMS,
  },
  {
    name: 'the longest retention wins',
    file: 'src/policy/combine.ts',
    find: 'return set.length === 0 ? undefined : Math.min(...set);',
    replace: 'return set.length === 0 ? undefined : Math.max(...set);',
    tests: TERMS,
  },
  {
    name: 'the page lets an escalated group decide too soon',
    file: 'src/dashboard/browser/model/quorum.ts',
    find: 'detail.escalations.filter((one) => now >= dueAt(detail, one.afterMs))',
    replace: 'detail.escalations.filter((one) => now >= dueAt(detail, 0 * one.afterMs))',
    tests: PAGE,
  },
];
