import type { PlantedBug } from './bug.ts';

const API = ['test/api/reveal.test.ts'];
const RACES = ['test/approvals/reveal.test.ts'];
const RULES = ['test/evidence/reveal-rules.test.ts'];
const MODEL = ['test/dashboard/reveal-model.test.ts'];
const PAGE = ['test/stories/browser-reveal.test.ts'];

/** Defects of how hidden values are revealed. */
export const REVEAL_BUGS: readonly PlantedBug[] = [
  {
    name: 'what a result hides is repeated beside its text blocks',
    file: 'src/policy/redact.ts',
    find: '  if (!isJsonObject(value)) return value;\n  return Object.fromEntries(',
    replace:
      "  if (!isJsonObject(value) || value.type !== 'text') return value;\n  return Object.fromEntries(",
    tests: ['test/policy/redact.test.ts'],
  },
  {
    name: 'anybody who is signed in reveals',
    file: 'src/approvals/reveal.ts',
    find: "if (refusal !== undefined) throw new CountersignError('forbidden', refusal);",
    replace: 'if (refusal === "") throw new CountersignError("forbidden", refusal);',
    tests: API,
  },
  {
    name: 'a call is revealed to those who could have decided it, after it was decided',
    file: 'src/approvals/reveal.ts',
    find: "if (stateAt(approval, at) !== 'pending')",
    replace: "if (stateAt(approval, at) === 'expired')",
    tests: API,
  },
  {
    name: 'a reveal is told each time',
    file: 'src/approvals/reveals/store.ts',
    find: 'AND NOT EXISTS (SELECT 1 FROM reveal AS before',
    replace: 'AND 1 OR NOT EXISTS (SELECT 1 FROM reveal AS before',
    tests: [...API, ...RACES],
  },
  {
    name: 'a reveal is shown before the ledger has taken its entry',
    file: 'src/api/routes/reveal.ts',
    find: 'await recordReveal(deps.decide, { approval, approver, what, hidden });',
    replace: 'recordReveal(deps.decide, { approval, approver, what, hidden }).catch(() => undefined);',
    tests: [...API, ...RACES],
  },
  {
    name: 'a reveal needs nobody to be enrolled at the moment of its entry',
    file: 'src/approvals/reveal.ts',
    find: 'approverStands(approver)',
    replace: "{ sql: '1 = 1', params: [] }",
    tests: RACES,
  },
  {
    name: 'a reveal goes on for a call that was withdrawn meanwhile',
    file: 'src/approvals/reveals/store.ts',
    find: "AND ((state = 'pending' AND expires_at > ?)",
    replace: "AND ((state <> '' AND expires_at > ?)",
    tests: RACES,
  },
  {
    name: 'nobody who may only break the glass reveals',
    file: 'src/approvals/reveal.ts',
    find: 'return byGlass === undefined ? undefined : ordinary;',
    replace: 'return ordinary ?? (byGlass === "" ? byGlass : undefined);',
    tests: RACES,
  },
  {
    name: 'an answer that reveals is kept for its key',
    file: 'src/api/idempotency/answer-once.ts',
    find: ' || REVEALS.test(c.req.path);',
    replace: ';',
    tests: API,
  },
  {
    name: 'the digest of a call stands in lists before a reveal',
    file: 'src/api/approval-body.ts',
    find: 'call_digest: approval.redactedAt !== undefined || hidden.length > 0 ? null',
    replace: 'call_digest: approval.redactedAt !== undefined ? null',
    tests: API,
  },
  {
    name: 'the salt of a call is given without a reveal',
    file: 'src/api/approval-body.ts',
    find: 'call_salt: erased || body.hidden.length > 0 ? null',
    replace: 'call_salt: erased ? null',
    tests: API,
  },
  {
    name: 'an export discloses a call without a reveal',
    file: 'src/evidence/store.ts',
    find: 'action: hidesCall ? undefined : action,',
    replace: 'action,',
    tests: API,
  },
  {
    name: 'an export discloses a result without a reveal',
    file: 'src/evidence/store.ts',
    find: 'result: hidesResult ? undefined : result,',
    replace: 'result,',
    tests: API,
  },
  {
    name: 'a verifier takes a reveal to somebody who is not enrolled',
    file: 'src/evidence/people.ts',
    find: "return world.people.has(ref.principal ?? '') ? undefined : 'it was revealed",
    replace: "return world.people.size > 0 ? undefined : 'it was revealed",
    tests: RULES,
  },
  {
    name: 'a verifier takes a reveal of no approval',
    file: 'src/evidence/people.ts',
    find: "if (ref.approval === undefined) return 'it is of no approval';",
    replace: '',
    tests: RULES,
  },
  {
    name: 'the page shows what was revealed without comparing the commitment',
    file: 'src/dashboard/browser/model/check-revealed.ts',
    find: '!== detail.callCommit)',
    replace: "=== '')",
    tests: MODEL,
  },
  {
    name: 'the page takes hidden calls for revealed ones',
    file: 'src/dashboard/browser/model/hidden.ts',
    find: 'return callSalt === null ? hidden.length : 0;',
    replace: 'return callSalt === undefined ? hidden.length : 0;',
    tests: MODEL,
  },
  {
    name: 'a denial is signed over a call that was revealed to nobody, whatever its commitment',
    file: 'src/dashboard/browser/model/verify-statement.ts',
    find: 'unseen ? detail.callCommit : await commit(detail.callSalt, shown.call)]',
    replace: 'unseen ? said.action : await commit(detail.callSalt, shown.call)]',
    tests: MODEL,
  },
  {
    name: 'the end of a call counts as read before the reveal',
    file: 'src/dashboard/browser/screens/approval.tsx',
    find: 'if (folded > 0 || hidden > 0 || mark.current === null) return;',
    replace: 'if (folded > 0 || mark.current === null) return;',
    tests: PAGE,
  },
  {
    name: 'calls are approved together without a reveal',
    file: 'src/dashboard/browser/parts/batch-dialog.tsx',
    find: 'disabled={!canAct || unseen !== undefined}',
    replace: 'disabled={!canAct}',
    tests: PAGE,
  },
  {
    name: 'the page marks nothing as hidden before the reveal',
    file: 'src/dashboard/browser/parts/argument-tree.tsx',
    find: "if (policy === 'hidden') return",
    replace: "if (policy === undefined && row.path === '') return",
    tests: PAGE,
  },
];
