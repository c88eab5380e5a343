// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pieces of source hold placeholders of their own
import type { PlantedBug } from './bug.ts';

const JUDGE = 'src/ledger/witness/add-checkpoint.ts';
const COSIGN = 'src/ledger/witness/cosignature.ts';
const OPEN = 'src/ledger/witness/open-witness.ts';
const ASK = 'src/ledger/witness/ask.ts';
const ATTEMPT = 'src/ledger/witness/attempt.ts';
const COLLECT = 'src/ledger/witness/collect.ts';
const PROOF = 'src/ledger/proof.ts';

const judged = ['test/ledger/witness/add-checkpoint.test.ts'];
const cosigned = ['test/ledger/witness/cosignature.test.ts'];
const opened = ['test/ledger/witness/open-witness.test.ts'];
const collected = ['test/ledger/witness/collect.test.ts', 'test/ledger/witness/conflict.test.ts'];
const story = ['test/stories/witness.test.ts'];

/** Defects of witnesses and of the gateway that asks them. */
export const WITNESS_BUGS: readonly PlantedBug[] = [
  {
    name: 'witness: the consistency proof is not checked',
    file: JUDGE,
    find: "return verifyConsistency({ first: old, firstRoot, size, root: Buffer.from(root, 'hex'), proof });",
    replace: 'return firstRoot.length > 0 && size >= old;',
    tests: judged,
  },
  {
    name: 'witness: the old size is not compared with the one that it holds',
    file: JUDGE,
    find: 'if (request.old !== held.size)',
    replace: 'if (request.old > held.size)',
    tests: judged,
  },
  {
    name: 'witness: a proof from nothing is let pass',
    file: JUDGE,
    find: 'if (old === 0) return proof.length === 0;',
    replace: 'if (old === 0) return true;',
    tests: judged,
  },
  {
    name: 'witness: the root of the empty tree is not looked at',
    file: JUDGE,
    find: 'if (size === 0 && root !==',
    replace: 'if (size < 0 && root !==',
    tests: judged,
  },
  {
    name: 'witness: a wrong signature by a trusted key is passed over beside a right one',
    file: 'src/ledger/note.ts',
    find: "return { ok: false, fault: 'wrong', reason: `the signature by ${signature.name} is wrong` };",
    replace: 'continue;',
    tests: judged,
  },
  {
    name: 'witness: any signed note counts, whoever signed it',
    file: 'src/ledger/note.ts',
    find: 'if (found.size > 0) return { ok: true, text };',
    replace: 'return { ok: true, text };',
    tests: judged,
  },
  {
    name: 'witness: 64 lines of proof are read',
    file: JUDGE,
    find: 'const PROOF_LINES_MAX = 63;',
    replace: 'const PROOF_LINES_MAX = 64;',
    tests: judged,
  },
  {
    name: 'witness: it cosigns before it remembers',
    file: OPEN,
    find: '      memory.remember(checkpoint.origin, checkpoint);\n',
    replace: '      setImmediate(() => memory.remember(checkpoint.origin, checkpoint));\n',
    tests: opened,
  },
  {
    name: 'witness: it remembers every log under one name',
    file: OPEN,
    find: 'memory.remember(checkpoint.origin, checkpoint)',
    replace: "memory.remember(logs.keys().next().value ?? '', checkpoint)",
    tests: opened,
  },
  {
    name: 'witness: it starts without the memory that belongs to its key',
    file: OPEN,
    find: '} else if (!existsSync(stateFile)) {',
    replace: '} else if (!existsSync(stateFile) && keyFile === stateFile) {',
    tests: opened,
  },
  {
    name: 'witness: 409 without the type of the specification',
    file: OPEN,
    find: "'text/x.tlog.size'",
    replace: "'text/plain'",
    tests: opened,
  },
  {
    name: 'cosignature: the time is not signed',
    file: COSIGN,
    find: 'cosignature/v1\\ntime ${time}\\n${text}',
    replace: 'cosignature/v1\\ntime ${typeof time}\\n${text}',
    tests: cosigned,
  },
  {
    name: 'cosignature: milliseconds in place of seconds',
    file: COSIGN,
    find: 'Math.floor(atMs / 1_000)',
    replace: 'Math.floor(atMs)',
    tests: cosigned,
  },
  {
    name: 'cosignature: the key type of notes',
    file: 'src/ledger/note-key.ts',
    find: 'cosignature: 0x04',
    replace: 'cosignature: 0x01',
    tests: cosigned,
  },
  {
    name: 'cosignature: a longer text than ours counts',
    file: COSIGN,
    find: 'if (opened.text !== text)',
    replace: 'if (!opened.text.startsWith(text))',
    tests: cosigned,
  },
  {
    name: 'collector: an answer is kept without a look at its signature',
    file: ASK,
    find: "if (typeof found !== 'string') return { kind: 'cosigned', cosignature: found };",
    replace:
      "const line = answer.body.trim();\n    if (typeof found === 'string' || line !== '') return { kind: 'cosigned', cosignature: { line, cosignedAt: 0 } };",
    tests: collected,
  },
  {
    name: 'collector: 422 is a failure like any other',
    file: ASK,
    find: "if (answer.status === 422) return { kind: 'inconsistent' };",
    replace: '',
    tests: collected,
  },
  {
    name: 'collector: a witness that holds more is no conflict',
    file: ATTEMPT,
    find: 'if (old > ownSize) {',
    replace: 'if (old > ownSize && round > 9) {',
    tests: collected,
  },
  {
    name: 'collector: a witness that has cosigned all there is is not asked at the start',
    file: COLLECT,
    find: 'let always = true;',
    replace: 'let always = false;',
    tests: collected,
  },
  {
    name: 'collector: each retry tells the same conflict again',
    file: COLLECT,
    find: 'next.conflict !== undefined && next.conflict !== before',
    replace: 'next.conflict !== undefined',
    tests: collected,
  },
  {
    name: 'collector: a nudge after a failure is followed at once',
    file: COLLECT,
    find: '    if (cancelRetry !== undefined) return;\n',
    replace: '    cancelRetry = undefined;\n',
    tests: collected,
  },
  {
    name: 'collector: a nudge during a failure is followed at once',
    file: COLLECT,
    find: 'while (wanted && cancelRetry === undefined && !closing.aborted) {',
    replace: 'while (wanted && !closing.aborted) {',
    tests: collected,
  },
  {
    name: 'collector: what is signed during a question is forgotten',
    file: COLLECT,
    find: '    wanted = true;',
    replace: '    wanted ||= running === undefined;',
    tests: collected,
  },
  {
    name: 'collector: the cosignature is not stored',
    file: ATTEMPT,
    find: 'await deps.ledger.commit({ then, entries: [], later: true });',
    replace: 'void then;',
    tests: collected,
  },
  {
    name: 'gateway: a decision does not bring its checkpoint to the witnesses',
    file: 'src/app.ts',
    find: '        witnesses.nudge();\n',
    replace: '',
    tests: story,
  },
  {
    name: 'gateway: a rollback that a witness shows raises no event',
    file: 'src/app/collect-cosignatures.ts',
    find: '      emit(event);\n',
    replace: '',
    tests: story,
  },
  {
    name: 'proofs: one that Go would not make',
    file: PROOF,
    find: 'if (begin > 0) proof.unshift({ begin, end });',
    replace: 'proof.unshift({ begin, end });',
    tests: ['test/ledger/go/judge.test.ts'],
  },
  {
    name: 'proofs: leaves are hashed without their prefix',
    file: 'src/ledger/tree.ts',
    find: "return hash('sha256', `\\0${entry}`, 'buffer');",
    replace: "return hash('sha256', entry, 'buffer');",
    tests: ['test/ledger/go/judge.test.ts'],
  },
];
