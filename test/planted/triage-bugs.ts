import type { PlantedBug } from './bug.ts';

const INBOX = ['test/dashboard/inbox-model.test.ts'];
const MODEL = ['test/dashboard/triage-model.test.ts'];
const PAGE = ['test/dashboard/verify-batch.test.ts'];
const API = ['test/api/batches.test.ts'];
const EVIDENCE = ['test/evidence/batch-rules.test.ts'];
const CONTEXT = ['test/api/approval-context.test.ts'];
const LISTS = ['test/api/lists.test.ts'];

/** Defects of the inbox, of deciding many calls by one signature, and of what is told beside a call. */
export const TRIAGE_BUGS: readonly PlantedBug[] = [
  {
    name: 'a critical call is put into the group of harmless ones',
    file: 'src/dashboard/browser/model/inbox.ts',
    find: 'tool, risk, held]',
    replace: 'tool, held]',
    tests: INBOX,
  },
  {
    name: 'new calls push the others down',
    file: 'src/dashboard/browser/model/inbox.ts',
    find: '    else fresh.set(id, approval);',
    replace: '    else return laidOut([...pending.values()], inbox);',
    tests: INBOX,
  },
  {
    name: 'decided calls vanish under the hand',
    file: 'src/dashboard/browser/model/inbox.ts',
    find: '{ ...row, gone: true }',
    replace: '{ ...row, gone: false }',
    tests: INBOX,
  },
  {
    name: 'a value that was removed is not told as a difference',
    file: 'src/dashboard/browser/model/diff.ts',
    find: 'if (!after.has(path)) found.push',
    replace: 'if (!after.has(path) && path === "") found.push',
    tests: MODEL,
  },
  {
    name: 'the page lets critical calls be picked together',
    file: 'src/dashboard/browser/model/batch.ts',
    find: "one.risk === 'critical'",
    replace: "one.risk === 'none'",
    tests: MODEL,
  },
  {
    name: 'the page signs a batch that lists more than it shows',
    file: 'src/dashboard/browser/model/verify-batch.ts',
    find: 'if (given.batch !== expected)',
    replace: 'if (given.batch.length < expected.length)',
    tests: PAGE,
  },
  {
    name: 'the page does not look at the statements of a batch',
    file: 'src/dashboard/browser/model/verify-batch.ts',
    find: '    await verifyStatement(',
    replace: '    if (screen.now < 0) await verifyStatement(',
    tests: PAGE,
  },
  {
    name: 'the page signs the challenge that the gateway names',
    file: 'src/dashboard/browser/model/verify-batch.ts',
    find: 'if (challenge !== given.challenge)',
    replace: 'if (challenge === given.challenge && challenge === "")',
    tests: PAGE,
  },
  {
    name: 'a statement that its batch does not list is decided',
    file: 'src/approvals/decide-batch.ts',
    find: 'if (problem !== undefined)',
    replace: 'if (problem === "")',
    tests: API,
  },
  {
    name: 'a batch may hold what is critical',
    file: 'src/approvals/decide-batch.ts',
    find: "one.risk === 'critical'",
    replace: "one.id === 'critical'",
    tests: API,
  },
  {
    name: 'a batch may hold calls of several rules',
    file: 'src/approvals/decide-batch.ts',
    find: 'sortOf(one) !== sortOf(first)',
    replace: 'one.workspace !== first.workspace',
    tests: API,
  },
  {
    name: 'only the first of a batch can be decided, since the passkey was used',
    file: 'src/approvals/decide-batch.ts',
    find: '      used.yet = true;\n',
    replace: '',
    tests: API,
  },
  {
    name: 'the verifier takes a batch of another approver',
    file: 'src/approvals/batch-statement.ts',
    find: 'if (approver !== expected.approver)',
    replace: 'if (approver === "")',
    tests: EVIDENCE,
  },
  {
    name: 'the verifier takes a batch that does not list the statement',
    file: 'src/approvals/batch-statement.ts',
    find: 'return statements.includes(batchDigest(expected.statement))',
    replace: 'return statements.length > 0',
    tests: EVIDENCE,
  },
  {
    name: 'the verifier lets what is critical be decided in a batch',
    file: 'src/evidence/decisions.ts',
    find: "approval.request.risk === 'critical'",
    replace: "approval.request.risk === 'none'",
    tests: EVIDENCE,
  },
  {
    name: 'the verifier lets the glass be broken in a batch',
    file: 'src/evidence/decisions.ts',
    find: "  if (entry.body.break_glass === true) return 'the glass was broken in a batch';\n",
    replace: '',
    tests: EVIDENCE,
  },
  {
    name: 'a denied call counts as the last approved one',
    file: 'src/approvals/store.ts',
    find: "AND state IN ('approved', 'executing', 'succeeded', 'failed', 'unknown') AND decided_at",
    replace: 'AND decided_at',
    tests: CONTEXT,
  },
  {
    name: 'a key sees the redacted arguments of the last approved call',
    file: 'src/api/routes/approval-context.ts',
    find: 'showDetail(deps, found, principal)',
    replace: "showDetail(deps, found, { kind: 'person', id: '' })",
    tests: CONTEXT,
  },
  {
    name: 'pages oldest first repeat what was shown',
    file: 'src/approvals/store.ts',
    find: "? ['>', 'ASC']",
    replace: "? ['<', 'ASC']",
    tests: LISTS,
  },
  {
    name: 'a batch breaks the glass',
    file: 'src/approvals/decide-batch.ts',
    find: 'if (parseStatement(text).breakGlass === true)',
    replace: "if (text === '')",
    tests: ['test/api/quorum.test.ts'],
  },
];
