import type { PlantedBug } from './bug.ts';

const DISPATCHES = ['test/evidence/dispatch-rules.test.ts'];
const TOKENS = ['test/evidence/token-rules.test.ts'];
const LOG = ['test/evidence/log-rules.test.ts'];
const EXPORT = ['test/evidence/write-export.test.ts', 'test/api/export.test.ts'];
const GOOD = ['test/evidence/good-log.test.ts'];
const REVERIFY = ['test/evidence/reverify.test.ts'];
const CLI = ['test/cli/logs-evidence.test.ts'];
const BUNDLES = ['test/evidence/bundles.test.ts'];
const ODD = ['test/evidence/odd-entries.test.ts'];
const TIMELY = ['test/ledger/timely.test.ts'];
const VERIFIABLE = ['test/principals/proof/verifiable.test.ts'];

/** `[name, file of src, find, replace, tests]`. */
type Row = readonly [string, string, string, string, readonly string[]];

const ROWS: readonly Row[] = [
  [
    'other bytes are dispatched',
    'evidence/capabilities',
    'if (body.digest !== request.action)',
    'if (false)',
    DISPATCHES,
  ],
  [
    'what has run out is dispatched',
    'evidence/capabilities',
    'if (ts >= approved.expiresAt + SLACK_MS)',
    'if (false)',
    DISPATCHES,
  ],
  [
    'what was not approved is dispatched',
    'evidence/capabilities',
    "const approval = approvalIn(world, entry, ['approved']);\n  if (typeof approval === 'string') return approval;\n  const { body, seq, ts } = entry;",
    "const approval = approvalIn(world, entry, ['approved', 'pending', 'executing', 'unknown']);\n  if (typeof approval === 'string') return approval;\n  const { body, seq, ts } = entry;",
    DISPATCHES,
  ],
  [
    'a revoked capability is dispatched',
    'evidence/capabilities',
    'if (approval.capabilityRevoked)',
    'if (false)',
    DISPATCHES,
  ],
  ['a dispatch needs no exchange', 'evidence/apply', 'if (missing !== undefined)', 'if (false)', DISPATCHES],
  [
    'another capability is exchanged',
    'evidence/capabilities',
    'capability.id !== body.capability || ',
    '',
    DISPATCHES,
  ],
  [
    'a token’s signature is not checked',
    'evidence/tokens',
    'return valid ? undefined',
    'return true ? undefined',
    TOKENS,
  ],
  [
    'a token of any algorithm will do',
    'evidence/tokens',
    "if (header.alg !== 'ES256' || header.typ !== 'at+jwt')",
    'if (false)',
    TOKENS,
  ],
  [
    'a token for another call will do',
    'evidence/tokens',
    'detail.call_sha256 !== approval.callSha256',
    'false',
    TOKENS,
  ],
  [
    'a token by a retired key will do',
    'evidence/capabilities',
    'return world.capabilityKeys.delete(kid) ?',
    'return world.capabilityKeys.has(kid) ?',
    TOKENS,
  ],
  [
    'leaves are not compared with checkpoints',
    'evidence/checkpoints',
    'if (signed.root !== head.root)',
    'if (false)',
    LOG,
  ],
  [
    'entries may be missing',
    'evidence/tree-check',
    'if (seq !== frontier.size)',
    'if (seq < frontier.size)',
    LOG,
  ],
  [
    'inclusion proofs are not checked',
    'evidence/tree-check',
    'return verifyInclusion(claim) ?',
    'return claim ?',
    EXPORT,
  ],
  [
    'an entry of a bundle needs no proof',
    'evidence/tree-check',
    'state.open === undefined ? undefined :',
    'true ? undefined :',
    EXPORT,
  ],
  ['time goes back', 'evidence/verifier', 'if (entry.ts < (before?.ts ?? 0))', 'if (false)', LOG],
  [
    'the end needs no checkpoint',
    'evidence/verifier',
    'if (signed?.size !== head.size || signed.root !== head.root)',
    'if (false)',
    LOG,
  ],
  ['any key will do', 'evidence/verifier', 'if (!checkpoints.belongs(options.vkey))', 'if (false)', LOG],
  [
    'the older checkpoint is not compared',
    'evidence/verifier',
    'return doubt && doubted(',
    'return undefined && doubted(',
    LOG,
  ],
  [
    'a missing cosignature is passed over',
    'evidence/verifier',
    'if (silent !== undefined)',
    'if (false)',
    GOOD,
  ],
  [
    'a wrong cosignature is passed over',
    'evidence/checkpoints',
    "if (!opened.ok && opened.fault === 'wrong')",
    'if (false)',
    GOOD,
  ],
  [
    'a file that was cut off is whole',
    'evidence/verify-export',
    "if (!ended) return malformed('the end line is missing: the file was cut off');",
    '',
    LOG,
  ],
  [
    'disclosed texts are not compared',
    'evidence/payloads',
    "if (commitment(Buffer.from(salt, 'hex'), text) !== entry.body[of])",
    'if (false)',
    LOG,
  ],
  [
    'types that nobody knows are passed over',
    'evidence/apply',
    "if (rules === undefined) return { rule: 1, reason: 'no ledger of this format holds such a type' };",
    'if (rules === undefined) return undefined;',
    LOG,
  ],
  [
    'a forged request in the database releases something',
    'evidence/reverify',
    'if (entry.seq >= head.size)',
    'if (false)',
    REVERIFY,
  ],
  [
    'changed terms in the database release something',
    'evidence/reverify',
    'if (!verifyInclusion({',
    'if (false && !verifyInclusion({',
    REVERIFY,
  ],
  [
    'what has run out in the ledger is released',
    'evidence/reverify',
    'if (now >= approved.expiresAt)',
    'if (false)',
    REVERIFY,
  ],
  [
    'the first person of all is not looked for',
    'evidence/reverify',
    "if (first !== undefined) involved.add(aboutWhom(first) ?? '');",
    '',
    REVERIFY,
  ],
  [
    'every checkpoint is exported',
    'evidence/write-export',
    'checkpoint.size - lastSigned >= CHECKPOINT_EVERY',
    'true',
    EXPORT,
  ],
  [
    'payloads are exported for anybody who reads',
    'api/routes/export',
    "if (payloads === 'true') requireKey(c, ['operator']);",
    "if (payloads === 'never') requireKey(c, ['operator']);",
    EXPORT,
  ],
  [
    'an export that was cut off is kept as whole',
    'cli/commands/logs-export',
    'if (!watch.isWhole())',
    'if (false)',
    CLI,
  ],
  [
    'odd evidence: a key that was replaced signs a bundle early',
    'evidence/checkpoints',
    'if (next !== state.chain && entry.seq < (state.newest?.size ?? 0))',
    'if (false)',
    BUNDLES,
  ],
  [
    'odd evidence: a bundle is about another approval than it says',
    'evidence/verifier',
    'if (bundle && !state.isRequested)',
    'if (false)',
    BUNDLES,
  ],
  [
    'odd evidence: lists of groups are compared as one text',
    'evidence/members',
    'return one.length === other.length && one.every((text, index) => text === other[index]);',
    "return one.join('\\n') === other.join('\\n');",
    ODD,
  ],
  [
    'odd evidence: a statement holds members that every object has',
    'evidence/statements',
    '!Object.hasOwn(expected, member)',
    '!(member in expected)',
    ODD,
  ],
  [
    'odd evidence: a capability that was revoked under another approval is exchanged',
    'evidence/capabilities',
    'if (approval.capability?.id === body.capability) approval.capabilityRevoked = true;',
    '',
    ODD,
  ],
  [
    'odd evidence: what is judged by its time is written at another',
    'ledger/draft',
    'apartMs <= LIMITS.clockSkewMs || ',
    'apartMs >= 0 || ',
    TIMELY,
  ],
  [
    'odd evidence: what no verifier takes is written',
    'principals/prove',
    'if (proven?.ok) return;',
    'if (proven !== undefined) return;',
    VERIFIABLE,
  ],
  [
    'odd evidence: a passkey is enrolled that no verifier reads',
    'principals/people/passkey',
    'if (readCoseKey(publicKey) === undefined)',
    'if (false)',
    VERIFIABLE,
  ],
];

/** Defects in how the verifier judges dispatches, tokens and the log, and of what exports and re-verifies. */
export const EVIDENCE_LOG_BUGS: readonly PlantedBug[] = ROWS.map(([name, file, find, replace, tests]) => ({
  name,
  file: `src/${file}.ts`,
  find,
  replace,
  tests,
}));
