import type { PlantedBug } from './bug.ts';

const MODEL = ['test/dashboard/log-model.test.ts'];
const PLOT = ['test/dashboard/plot-model.test.ts'];
const COUNT = ['test/ledger/count-activity.test.ts'];
const API = ['test/api/overview.test.ts'];
const BROWSER = 'src/dashboard/browser';

/** Defects of what people watch: the log and its proofs in the page, and the counts of the overview. */
export const WATCH_BUGS: readonly PlantedBug[] = [
  {
    name: 'the page takes any path for a proof that reaches the top',
    file: `${BROWSER}/model/merkle.ts`,
    find: 'return place.last === 0 ? hash : undefined;',
    replace: 'return hash;',
    tests: MODEL,
  },
  {
    name: 'the page does not compare the computed root with the signed one',
    file: `${BROWSER}/model/verify-log.ts`,
    find: 'if (root === undefined || !sameBytes({ a: root, b: head.root }))',
    replace: 'if (root === undefined)',
    tests: MODEL,
  },
  {
    name: 'the page takes a checkpoint of another size',
    file: `${BROWSER}/model/verify-log.ts`,
    find: 'if (head.size !== given.size)',
    replace: 'if (head.size < 0)',
    tests: MODEL,
  },
  {
    name: 'the page does not look at the signature of a checkpoint',
    file: `${BROWSER}/model/log-key.ts`,
    find: "if (!(await crypto.subtle.verify('Ed25519', publicKey, signature, encoder.encode(text))))",
    replace: 'if (publicKey === undefined || signature.length === 0)',
    tests: MODEL,
  },
  {
    name: 'the page takes a signature by another key of the same name',
    file: `${BROWSER}/model/log-key.ts`,
    find: 'if (signer === name && hexOf(bytes.subarray(0, ID_BYTES)) === keyId)',
    replace: 'if (signer === name)',
    tests: MODEL,
  },
  {
    name: 'the page does not ask whether the id of the log’s key fits',
    file: `${BROWSER}/model/log-key.ts`,
    find: 'if (hexOf(digest.subarray(0, ID_BYTES)) !== keyId)',
    replace: 'if (digest.length === 0)',
    tests: MODEL,
  },
  {
    name: 'the page takes a new key that nobody handed over to',
    file: `${BROWSER}/model/log-key.ts`,
    find: "if (await crypto.subtle.verify('Ed25519', key, bytes, text)) return vkey;",
    replace: 'if (key !== undefined && bytes.length + text.length > 0) return vkey;',
    tests: MODEL,
  },
  {
    name: 'the page compares only the new root when the log has grown',
    file: `${BROWSER}/model/merkle.ts`,
    find: 'sameBytes({ a: first, b: older.root }) && ',
    replace: '',
    tests: MODEL,
  },
  {
    name: 'the list that follows never forgets',
    file: `${BROWSER}/model/log-pages.ts`,
    find: '[entry, ...entries].slice(0, FOLLOWED)',
    replace: '[entry, ...entries]',
    tests: MODEL,
  },
  {
    name: 'the list that follows shows an entry twice',
    file: `${BROWSER}/model/log-pages.ts`,
    find: 'entry.seq <= newest ? entries : ',
    replace: '',
    tests: MODEL,
  },
  {
    name: 'bars begin at the floor instead of on each other',
    file: `${BROWSER}/model/plot.ts`,
    find: 'below += height;',
    replace: '',
    tests: PLOT,
  },
  {
    name: 'a line runs on through what is not known',
    file: `${BROWSER}/model/plot.ts`,
    find: '      isOpen = false;\n      continue;',
    replace: '      continue;',
    tests: PLOT,
  },
  {
    name: 'the rate of expiry counts what still waits',
    file: `${BROWSER}/model/overview-words.ts`,
    find: 'value: percent(totals.expired, totals.ended)',
    replace: 'value: percent(totals.expired, totals.held)',
    tests: PLOT,
  },
  {
    name: 'a rule that is in force is shown as one that is only watched',
    file: `${BROWSER}/model/policy-words.ts`,
    find: 'shadow: rule.shadow ? shadows.get(rule.rule) : undefined',
    replace: 'shadow: shadows.get(rule.rule)',
    tests: PLOT,
  },
  {
    name: 'actions that policy allowed count as held',
    file: 'src/ledger/count-activity.ts',
    find: "held: count('approval.requested') - byPolicy",
    replace: "held: count('approval.requested')",
    tests: COUNT,
  },
  {
    name: 'an approval that ran out after it was given counts as expired',
    file: 'src/ledger/count-activity.ts',
    find: 'expired: expired - runOut',
    replace: 'expired',
    tests: COUNT,
  },
  {
    name: 'what policy gave at once makes people look fast',
    file: 'src/ledger/activity/store.ts',
    find: "coalesce(json_extract(ended.entry, '$.body.basis'), '') <> 'policy'",
    replace: '1 = 1',
    tests: COUNT,
  },
  {
    name: 'the time until a wait ran out counts as a decision that took long',
    file: 'src/ledger/activity/store.ts',
    find: "const DECIDED = ['approval.approved', 'approval.denied'] as const;",
    replace: "const DECIDED = ['approval.approved', 'approval.denied', 'approval.expired'] as const;",
    tests: COUNT,
  },
  {
    name: 'the last stretch of time reaches beyond the end',
    file: 'src/ledger/count-activity.ts',
    find: 'Math.min(at + bucketMs, range.until)',
    replace: 'at + bucketMs',
    tests: ['test/ledger/count-activity.test.ts'],
  },
  {
    name: 'the overview does not say that it counted only the newest',
    file: 'src/ledger/count-activity.ts',
    find: 'complete: found.length === rows.length',
    replace: 'complete: true',
    tests: COUNT,
  },
  {
    name: 'the overview can be asked about any length of time',
    file: 'src/api/routes/overview.ts',
    find: ' && until - since <= LIMITS.overviewMaxMs + 1',
    replace: '',
    tests: API,
  },
];
