// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pieces of source hold placeholders of their own
import type { PlantedBug } from './bug.ts';

const DATABASE = ['test/evidence/tamper/database.test.ts'];
const FORGED = ['test/evidence/tamper/forged.test.ts'];
const SPENT = ['test/evidence/tamper/spent.test.ts'];
const LOG_KEY = ['test/evidence/tamper/log-key.test.ts'];
const ROLLBACK = ['test/evidence/tamper/rollback.test.ts'];
const REPLAYED = ['test/stories/imposters-replay.test.ts'];
const ASSERTION = 'src/principals/proof/assertion.ts';
const CLAIM = 'src/approvals/transitions/store.ts';
const LIVE_SESSION =
  'AND EXISTS (SELECT 1 FROM session WHERE session.id = approval.session_id AND session.revoked_at IS NULL AND session.expires_at > ?)';
const SPENT_CONDITION = '${claim.condition.sql}';
const PEOPLE = 'src/evidence/people.ts';

/** Defects that would let somebody tamper with what is stored, or deny that they did. */
export const TAMPER_BUGS: readonly PlantedBug[] = [
  {
    name: 'tampering: the signature of a stored assertion is not checked',
    file: ASSERTION,
    find: 'if (!signatureHolds(party.key, signed, signature))',
    replace: 'if (!signatureHolds(party.key, signed, signature) && signed.length === 0)',
    tests: FORGED,
  },
  {
    name: 'tampering: the challenge of a stored assertion is not compared with its statement',
    file: ASSERTION,
    find: 'if (data.challenge !== expected.challenge)',
    replace: 'if (data.challenge === undefined)',
    tests: FORGED,
  },
  {
    name: 'tampering: a statement is not compared with the request that it decides',
    file: 'src/evidence/decisions.ts',
    find: 'statementProblem(statement, expectedStatement(world, { approval, entry, statement }))',
    replace:
      'statementProblem(statement, { ...expectedStatement(world, { approval, entry, statement }), ...statement })',
    tests: FORGED,
  },
  {
    name: 'tampering: the verifier’s quorum counts keys',
    file: 'src/evidence/decisions.ts',
    find: 'approval.decisions.set(approver.ref, {',
    replace: 'approval.decisions.set(approver.passkey?.credentialId ?? approver.ref, {',
    tests: ['test/evidence/decision-rules.test.ts', 'test/evidence/approval-rules.test.ts'],
  },
  {
    name: 'tampering: an approval needs no decision',
    file: 'src/evidence/approvals.ts',
    find: 'if (found >= needed) return undefined;',
    replace: 'if (found >= needed - 1) return undefined;',
    tests: FORGED,
  },
  {
    name: 'tampering: the gateway invites by itself at any time',
    file: PEOPLE,
    find: 'if (world.everEnrolled) return ',
    replace: 'if (world.everEnrolled && by === token) return ',
    tests: FORGED,
  },
  {
    name: 'tampering: an invite is not proven to be signed',
    file: PEOPLE,
    find: "const reason = actProblem(world, { ...entry, body, ref, ts }, { act: 'approver.invite', params });",
    replace:
      "const signed = actProblem(world, { ...entry, body, ref, ts }, { act: 'approver.invite', params });\n    const reason = signed === 'it is not signed' ? undefined : signed;",
    tests: FORGED,
  },
  {
    name: 'tampering: a call is claimed whatever its state',
    file: CLAIM,
    find: "WHERE id = ? AND state = 'approved' AND expires_at > ?",
    replace: "WHERE id = ? AND state <> '' AND expires_at > ?",
    tests: ['test/approvals/claim.test.ts'],
  },
  {
    name: 'tampering: a capability is spent twice under a race',
    file: CLAIM,
    find: `WHERE id = ? AND state = 'approved' AND expires_at > ?\n      ${LIVE_SESSION}\n      AND ${SPENT_CONDITION}`,
    replace: `WHERE id = ? AND state <> '' AND expires_at > ?\n      ${LIVE_SESSION}\n      AND (1 = 1 OR ${SPENT_CONDITION})`,
    tests: ['test/approvals/replay.test.ts', 'test/capabilities/internal.test.ts'],
  },
  {
    name: 'tampering: what is disclosed is not compared with its commitment',
    file: 'src/evidence/payloads.ts',
    find: "if (commitment(Buffer.from(salt, 'hex'), text) !== entry.body[of])",
    replace: "if (commitment(Buffer.from(salt, 'hex'), text) === '')",
    tests: SPENT,
  },
  {
    name: 'tampering: a dispatch of other bytes than were approved passes',
    file: 'src/evidence/capabilities.ts',
    find: 'if (body.digest !== request.action)',
    replace: "if (body.digest === '')",
    tests: LOG_KEY,
  },
  {
    name: 'tampering: the kept head is not compared',
    file: 'src/ledger/keep-head.ts',
    find: '  if (problem === undefined) return;',
    replace: "  if (problem !== '') return;",
    tests: [...LOG_KEY, ...ROLLBACK],
  },
  {
    name: 'tampering: a start does not compare the root that was signed',
    file: 'src/ledger/open-head.ts',
    find: "if (Buffer.from(rootOf(frontier)).toString('hex') !== checkpoint.root) {",
    replace: "if (checkpoint.root === '') {",
    tests: DATABASE,
  },
  {
    name: 'tampering: the signature of a note is not checked',
    file: 'src/ledger/note.ts',
    find: 'if (!verifier.verifies({ text, signature: signature.signature }))',
    replace: 'if (!verifier.verifies({ text, signature: signature.signature }) && text.length === 0)',
    tests: DATABASE,
  },
  {
    name: 'tampering: leaves are hashed like nodes are',
    file: 'src/ledger/tree.ts',
    find: "return hash('sha256', `\\0${entry}`, 'buffer');",
    replace: "return hash('sha256', `\\x01${entry}`, 'buffer');",
    tests: ['test/ledger/tree.test.ts'],
  },
  {
    name: 'tampering: a consistency proof need not lead to the older root',
    file: 'src/ledger/proof.ts',
    find: 'return last === 0 && sameHash(older, firstRoot) && sameHash(newer, root);',
    replace: 'return last === 0 && sameHash(newer, root);',
    tests: [...LOG_KEY, 'test/ledger/tree.test.ts'],
  },
  {
    name: 'tampering: an older checkpoint is not compared',
    file: 'src/evidence/verifier.ts',
    find: 'const doubt = checkpoints.note(options.older, tree.head());',
    replace: 'const doubt = checkpoints.belongs(options.older) ? options.older : undefined;',
    tests: LOG_KEY,
  },
  {
    name: 'tampering: a log that was cut short passes beside an older checkpoint',
    file: 'src/evidence/verifier.ts',
    find: 'if (older !== undefined && older.size > head.size)',
    replace: 'if (older !== undefined && older.size < 0)',
    tests: DATABASE,
  },
  {
    name: 'tampering: two processes open one folder',
    file: 'src/storage/libsql.ts',
    find: 'if (lock) release = holdFolder(dirname(file));',
    replace: "if (lock && file === '') release = holdFolder(dirname(file));",
    tests: REPLAYED,
  },
];
