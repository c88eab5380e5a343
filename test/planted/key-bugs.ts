import type { PlantedBug } from './bug.ts';

const SIGNED = ['test/principals/signed-keys.test.ts'];
const STATEMENT = ['test/principals/act-statement.test.ts'];
const EVIDENCE = ['test/evidence/key-rules.test.ts'];
const MODEL = ['test/dashboard/settings-model.test.ts'];
const API = ['test/api/acts.test.ts'];

/** Defects of API keys that people make by a signed act: in the gateway, in both verifiers, and on the page. */
export const KEY_BUGS: readonly PlantedBug[] = [
  {
    name: 'a key that was revoked comes back under its old secret',
    file: 'src/principals/store.ts',
    find: "sql: 'SELECT 1 FROM api_key WHERE hash = ?'",
    replace: "sql: 'SELECT 1 FROM api_key WHERE hash = ? AND revoked_at IS NULL'",
    tests: SIGNED,
  },
  {
    name: 'a known secret is found out only after somebody has signed',
    file: 'src/principals/request-act.ts',
    find: '      await refuseKnownKey(deps, params.hash);\n',
    replace: '',
    tests: SIGNED,
  },
  {
    name: 'two statements over one secret at a time fail by an error of the database',
    file: 'src/principals/store.ts',
    find: 'AND NOT EXISTS (SELECT 1 FROM api_key WHERE hash = ?) RETURNING id`',
    replace: "AND ? <> '' RETURNING id`",
    tests: SIGNED,
  },
  {
    name: 'a key is made after its statement was used or its person removed in the same moment',
    file: 'src/principals/keys.ts',
    find: 'insertKey({ ...key, workspace: deps.workspace, hash }, act.stillValid)',
    replace: 'insertKey({ ...key, workspace: deps.workspace, hash })',
    tests: ['test/principals/acts-guard.test.ts'],
  },
  {
    name: 'the statement of a key can be used again',
    file: 'src/principals/keys.ts',
    find: '    then: act.then,\n',
    replace: '',
    tests: SIGNED,
  },
  {
    name: 'a key that a person made is told without their signature',
    file: 'src/principals/keys.ts',
    find: 'roles: [...roles], hint, hash, ...act.evidence }',
    replace: 'roles: [...roles], hint, hash }',
    tests: SIGNED,
  },
  {
    name: 'a statement gives a key a role that nobody knows',
    file: 'src/principals/act-statement.ts',
    find: 'listed.length > 0 && known.length === listed.length',
    replace: 'listed.length > 0',
    tests: STATEMENT,
  },
  {
    name: 'a key may be asked for without a role',
    file: 'src/principals/request-act.ts',
    find: 'roles: parseRoles(roles)',
    replace: 'roles: roles as ReturnType<typeof parseRoles>',
    tests: SIGNED,
  },
  {
    name: 'the verifier takes a person’s key without a signature',
    file: 'src/evidence/keys.ts',
    find: "if (!isSigned && ref.principal?.startsWith('person:') !== true) return undefined;",
    replace: 'if (!isSigned) return undefined;',
    tests: EVIDENCE,
  },
  {
    name: 'the verifier takes a signed key in the name of another key',
    file: 'src/evidence/keys.ts',
    find: "if (!isSigned && ref.principal?.startsWith('person:') !== true) return undefined;",
    replace: "if (ref.principal?.startsWith('person:') !== true) return undefined;",
    tests: EVIDENCE,
  },
  {
    name: 'the verifier does not compare the roles of a key with what was signed',
    file: 'src/evidence/keys.ts',
    find: "roles: [...textsOf(body, 'roles')]",
    replace: "roles: JSON.parse(String(body.statement ?? '{}')).params?.roles ?? []",
    tests: EVIDENCE,
  },
  {
    name: 'the verifier does not compare the hash of a key with what was signed',
    file: 'src/evidence/keys.ts',
    find: "hash: textOf(body, 'hash'),",
    replace: "hash: JSON.parse(String(body.statement ?? '{}')).params?.hash ?? '',",
    tests: EVIDENCE,
  },
  {
    name: 'the words before signing hide that one role of several is there',
    file: 'src/dashboard/browser/model/key-words.ts',
    find: "told.map((role) => ROLE_WORDS[role]).join('; ')",
    replace: "ROLE_WORDS[told[0] ?? 'reader']",
    tests: MODEL,
  },
  {
    name: 'the removal of a person counts keys that others made',
    file: 'src/principals/store.ts',
    find: "where.push('created_by = ?');",
    replace: "where.push('created_by IS NOT ?');",
    tests: ['test/principals/keys.test.ts'],
  },
  {
    name: 'a page of keys skips those that were made at the moment where the page before ended',
    file: 'src/principals/store.ts',
    find: '(created_at < ? OR (created_at = ? AND id < ?))',
    replace: '(created_at < ? OR (created_at < ? AND id < ?))',
    tests: ['test/principals/keys.test.ts'],
  },
  {
    name: 'revoked keys are listed among those in force',
    file: 'src/principals/store.ts',
    find: 'if (state !== undefined) where',
    replace: "if (state === 'revoked') where",
    tests: ['test/principals/keys.test.ts'],
  },
  {
    name: 'a first start makes an operator key although one was revoked',
    file: 'src/principals/keys.ts',
    find: '(await listKeys(deps, { limit: 1 })).length > 0',
    replace: "(await listKeys(deps, { limit: 1, state: 'active' })).length > 0",
    tests: ['test/principals/keys.test.ts'],
  },
  {
    name: 'the page gives the gateway the key itself',
    file: 'src/sdk/new-api-key.ts',
    find: 'hash: await sha256Hex(key)',
    replace: 'hash: (await sha256Hex(key)) && key',
    tests: SIGNED,
  },
  {
    name: 'the address for signed keys is another than the documented one',
    file: 'src/api/routes/keys.ts',
    find: "path: '/v1/keys/signed',",
    replace: "path: '/v1/keys/signed/now',",
    tests: API,
  },
];
