import type { PlantedBug } from './bug.ts';

const RATES = ['test/api/oauth-rates.test.ts'];
const NAMES = ['test/downstream/tool-names.test.ts'];
const PLAN = ['test/ledger/search-plan.test.ts'];
const IDS = ['test/core/ids.test.ts'];
const DETACHED = ['test/gate/detach.test.ts'];
const FOLLOWED = ['test/gate/follow-tasks.test.ts'];

/** Defects of rates at the OAuth endpoints, of tools' names, of looking calls up, and of how jobs end. */
export const TIDY_BUGS: readonly PlantedBug[] = [
  {
    name: 'what comes to an OAuth endpoint without a header is not counted',
    file: 'src/api/oauth/answer.ts',
    find: "if (c.req.header('authorization') === undefined) deps.limiter.takeFromStranger(c);",
    replace: '',
    tests: RATES,
  },
  {
    name: 'any header spares a refresh the count',
    file: 'src/api/routes/oauth.ts',
    find: 'if (!isByHolder) deps.limiter.takeFromStranger(c);',
    replace: '',
    tests: RATES,
  },
  {
    name: 'any header spares the narrowing of a session the count',
    file: 'src/api/routes/oauth.ts',
    find: "form.get('grant_type') === EXCHANGE && form.get('subject_token_type') === APPROVAL_TYPE;",
    replace: "form.get('grant_type') === EXCHANGE;",
    tests: RATES,
  },
  {
    name: 'any header spares a form that cannot be read the count',
    file: 'src/api/routes/oauth.ts',
    find: '    deps.limiter.takeFromStranger(c);\n    throw error;',
    replace: '    throw error;',
    tests: RATES,
  },
  {
    name: 'guesses of keys at OAuth endpoints are not counted',
    file: 'src/api/authenticate.ts',
    find: 'const principal = await counted(deps, c, byHeader(deps, c, header));',
    replace: 'const principal = await byHeader(deps, c, header);',
    tests: RATES,
  },
  {
    name: 'callers with a key are counted by their address',
    file: 'src/api/authenticate.ts',
    find: 'if (principal === undefined) limiter.takeFromStranger(c);',
    replace: 'limiter.takeFromStranger(c);\n    if (principal === undefined) Object();',
    tests: RATES,
  },
  {
    name: 'one request without a header is counted twice',
    file: 'src/api/rate/limit-rate.ts',
    find: 'if (taken.has(c.req.raw)) return;',
    replace: '',
    tests: RATES,
  },
  {
    name: 'a name with characters that cannot be seen is offered',
    file: 'src/downstream/name.ts',
    find: "if (UNSEEN.test(tool)) return 'it holds characters that cannot be seen';",
    replace: '',
    tests: NAMES,
  },
  {
    name: 'variation selectors and fillers pass for visible',
    file: 'src/downstream/name.ts',
    find: '\\p{Default_Ignorable_Code_Point}',
    replace: '',
    tests: NAMES,
  },
  {
    name: 'spaces at the end of a name are kept',
    file: 'src/downstream/name.ts',
    find: '^\\s|\\s$|',
    replace: '^\\s|',
    tests: NAMES,
  },
  {
    name: 'a name in another normal form is offered beside the first',
    file: 'src/downstream/name.ts',
    find: "tool !== tool.normalize('NFKC')",
    replace: "tool !== tool.normalize('NFD') && tool !== tool.normalize('NFC')",
    tests: NAMES,
  },
  {
    name: 'a word may mix Latin letters with those that look like them',
    file: 'src/downstream/name.ts',
    find: '.filter((script) => script.test(word)).length > 1',
    replace: '.filter((script) => script.test(word)).length > 2',
    tests: NAMES,
  },
  {
    name: 'a name that was left out is told with its unseen characters',
    file: 'src/downstream/assemble.ts',
    find: 'escapeToAscii(tool)',
    replace: 'tool',
    tests: NAMES,
  },
  {
    name: 'calls have no index',
    file: 'src/storage/migrations/0006_logs.sql',
    find: 'CREATE INDEX ledger_by_call ON ledger (call) WHERE call IS NOT NULL;',
    replace: '',
    tests: PLAN,
  },
  {
    name: 'ids of requests do not sort by time',
    file: 'src/core/ids.ts',
    find: 'text = alphabet[rest % alphabet.length] + text;',
    replace: 'text += alphabet[rest % alphabet.length];',
    tests: IDS,
  },
  {
    name: 'a detached call that was cancelled ends as failed',
    file: 'src/gate/ended-job.ts',
    find: "if (cancelled && (isUnknown || outcome.code === 'cancelled'))",
    replace: "if (cancelled && outcome.code === 'cancelled' && isUnknown)",
    tests: DETACHED,
  },
  {
    name: "a tool's own error ends a job as completed",
    file: 'src/gate/ended-job.ts',
    find: "return kind === 'result'\n",
    replace: 'return kind !== undefined\n',
    tests: [...DETACHED, ...FOLLOWED],
  },
];
