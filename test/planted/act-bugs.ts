import type { PlantedBug } from './bug.ts';

const ACTS = ['test/principals/acts.test.ts'];
const STATEMENT = ['test/principals/act-statement.test.ts'];
const REMOVE = ['test/principals/remove.test.ts'];
const PAGE = ['test/dashboard/act-model.test.ts'];
const ROLES = ['test/api/decide.test.ts'];

/** Defects of signed acts, in the gateway and on the page. */
export const ACT_BUGS: readonly PlantedBug[] = [
  {
    name: 'a statement that was offered to somebody else is accepted',
    file: 'src/principals/acts.ts',
    find: 'offered === undefined || offered.personId !== by.id || offered',
    replace: 'offered === undefined || offered',
    tests: ACTS,
  },
  {
    name: 'a statement of one act serves another',
    file: 'src/principals/acts.ts',
    find: ' || offered.act !== act) {',
    replace: ') {',
    tests: ACTS,
  },
  {
    name: 'a statement that has expired is accepted',
    file: 'src/principals/acts.ts',
    find: 'if (offered.expiresAt <= now) {',
    replace: 'if (offered.expiresAt < 0) {',
    tests: ACTS,
  },
  {
    name: 'a statement about one person serves the address of another',
    file: 'src/principals/acts.ts',
    find: '  if (other === undefined) return;',
    replace: '  if (other !== undefined || other === undefined) return;',
    tests: ACTS,
  },
  {
    name: 'a statement is never marked as used',
    file: 'src/principals/acts.ts',
    find: 'then: [useAct({ id: offered.id, now }), recordUse]',
    replace: 'then: [recordUse]',
    tests: ACTS,
  },
  {
    name: 'two uses of one statement at a time both pass',
    file: 'src/principals/store.ts',
    find: 'WHERE id = ? AND used_at IS NULL AND expires_at > ?)',
    replace: 'WHERE id = ? AND expires_at > ?)',
    tests: ACTS,
  },
  {
    name: 'an act does not record the use of its passkey',
    file: 'src/principals/acts.ts',
    find: 'then: [useAct({ id: offered.id, now }), recordUse]',
    replace: 'then: [useAct({ id: offered.id, now })]',
    tests: ACTS,
  },
  {
    name: 'an act can be written after the time that its statement names',
    file: 'src/principals/acts.ts',
    find: 'Math.ceil((expiresAt + LIMITS.clockSkewMs) / 1000)',
    replace: 'Math.floor((expiresAt - LIMITS.clockSkewMs) / 1000)',
    tests: ACTS,
  },
  {
    name: 'the removal of a person is told without its signature',
    file: 'src/principals/people/remove-person.ts',
    find: 'name: person.name, ...act.evidence }',
    replace: 'name: person.name }',
    tests: REMOVE,
  },
  {
    name: 'a statement with an inherited member as a param is read',
    file: 'src/principals/act-statement.ts',
    find: '!Object.hasOwn(params, member)',
    replace: '!(member in params)',
    tests: STATEMENT,
  },
  {
    name: 'a statement that is not canonical is read',
    file: 'src/principals/act-statement.ts',
    find: 'canonicalize(value) !== text',
    replace: "canonicalize(value) === ''",
    tests: STATEMENT,
  },
  {
    name: 'one person may have any number of open statements',
    file: 'src/principals/store.ts',
    find: `< CAST(? AS BIGINT)
          RETURNING id\`,
    params: [
      act.id`,
    replace: `< 1000000 + CAST(? AS BIGINT)
          RETURNING id\`,
    params: [
      act.id`,
    tests: ACTS,
  },
  {
    name: 'the page signs other params than it shows',
    file: 'src/dashboard/browser/model/verify-act.ts',
    find: 'canonicalize(said.params ?? null), canonicalize(shown.params)',
    replace: '1, 1',
    tests: PAGE,
  },
  {
    name: 'the page signs a challenge of another text',
    file: 'src/dashboard/browser/model/verify-statement.ts',
    find: 'if (challenge !== given.challenge)',
    replace: "if (challenge === '')",
    tests: PAGE,
  },
  {
    name: 'the page signs for another passkey than its device made',
    file: 'src/dashboard/browser/model/new-passkey.ts',
    find: '&& made === publicKey',
    replace: "&& made !== ''",
    tests: PAGE,
  },
  {
    name: 'the page takes a private JWK for a public one',
    file: 'src/dashboard/browser/model/public-key.ts',
    find: "isJsonObject(json) && 'd' in json",
    replace: "isJsonObject(json) && 'q' in json",
    tests: PAGE,
  },
  {
    name: 'an API key may ask for the statement of an act',
    file: 'src/api/routes/acts.ts',
    find: 'const by = requireSignedIn(c);',
    replace: "const by = c.get('principal') as never as ReturnType<typeof requireSignedIn>;",
    tests: ROLES,
  },
];
