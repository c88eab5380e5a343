import type { PlantedBug } from './bug.ts';

const MODEL = ['test/dashboard/settings-model.test.ts'];
const KEYS = ['test/principals/keys.test.ts'];
const ROLES = ['test/api/roles.test.ts'];
const SERVE = ['test/dashboard/serve.test.ts'];
const SDK = ['test/sdk/resources.test.ts'];

/** Defects of the pages for webhooks, keys and settings, and of who may end a key. */
export const SETTINGS_BUGS: readonly PlantedBug[] = [
  {
    name: 'the last operator key is revoked, and nobody can make another',
    file: 'src/principals/store.ts',
    find: `AND (NOT roles \${IS_OPERATOR} OR EXISTS (`,
    replace: `AND (TRUE OR EXISTS (`,
    tests: KEYS,
  },
  {
    name: 'a revoked operator key counts as one that is left',
    file: 'src/principals/store.ts',
    find: 'AND other.revoked_at IS NULL AND other.roles',
    replace: 'AND other.roles',
    tests: KEYS,
  },
  {
    name: 'any key that is left counts as an operator’s',
    file: 'src/principals/store.ts',
    find: ` AND other.roles \${IS_OPERATOR}))`,
    replace: '))',
    tests: KEYS,
  },
  {
    name: 'a key that was not revoked is shown as if that had been done',
    file: 'src/principals/keys.ts',
    find: 'if (key.revokedAt === undefined) {',
    replace: 'if (key.id === "") {',
    tests: KEYS,
  },
  {
    name: 'a person makes API keys with a cookie alone',
    file: 'src/api/routes/keys.ts',
    find: `const by = requireKey(c, ['operator']);`,
    replace: `const by = requireAny(c, ['operator']);`,
    tests: ROLES,
  },
  {
    name: 'a reader’s key revokes keys',
    file: 'src/api/routes/keys.ts',
    find: `      const by = requireAny(c, ['operator']);
      const { id }`,
    replace: `      const by = requireAny(c, ['reader']);
      const { id }`,
    tests: ROLES,
  },
  {
    name: 'the address of one webhook is not served',
    file: 'src/dashboard/serve.ts',
    find: '|webhooks)(?:',
    replace: ')(?:',
    tests: SERVE,
  },
  {
    name: 'the diagnostics lose the key of the log',
    file: 'src/sdk/diagnostics.ts',
    find: 'vkey: ledger.vkey',
    replace: `vkey: ''`,
    tests: SDK,
  },
  {
    name: 'a webhook is added for no event at all',
    file: 'src/dashboard/browser/model/webhook-words.ts',
    find: 'if (!typed.everything && events.length === 0)',
    replace: 'if (typed.everything && events.length > 99)',
    tests: MODEL,
  },
  {
    name: 'a delivery that changed is shown as it was',
    file: 'src/dashboard/browser/model/webhook-words.ts',
    find: 'return [...newest, ...shown.filter(({ event }) => !seen.has(event))];',
    replace:
      'return [...newest.filter(({ event }) => !shown.some((one) => one.event === event)), ...shown.filter(({ event }) => event !== "" || seen.has(event))];',
    tests: MODEL,
  },
  {
    name: 'a webhook that its server wants no more looks like one that somebody switched off',
    file: 'src/dashboard/browser/model/webhook-words.ts',
    find: `if (disabledReason === 'gone')`,
    replace: `if (disabledReason === 'never')`,
    tests: MODEL,
  },
  {
    name: 'a rule that too few people can approve is nothing to see to',
    file: 'src/dashboard/browser/model/standing.ts',
    find: 'if (able < quorum)',
    replace: 'if (able === 0)',
    tests: MODEL,
  },
  {
    name: 'a witness that has seen another log is only late',
    file: 'src/dashboard/browser/model/standing.ts',
    find: 'if (conflict !== null) {',
    replace: 'if (conflict !== null && cosignedAt === null) {',
    tests: MODEL,
  },
  {
    name: 'a revoked operator key hides on the page that another is the last',
    file: 'src/dashboard/browser/model/key-words.ts',
    find: 'revokedAt === null && roles.includes',
    replace: 'revokedAt !== "" && roles.includes',
    tests: MODEL,
  },
  {
    name: 'what was kept under the name of the preferences stops the page',
    file: 'src/dashboard/browser/model/preferences.ts',
    find: `typeof value === 'object' && value !== null ?`,
    replace: `typeof value === 'object' ?`,
    tests: MODEL,
  },
  {
    name: 'a local time is written without its own zone',
    file: 'src/dashboard/browser/model/time.ts',
    find: '    timeZone,\n',
    replace: '',
    tests: MODEL,
  },
];
