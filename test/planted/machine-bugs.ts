import type { PlantedBug } from './bug.ts';

const EXCHANGE = ['test/capabilities/exchange.test.ts'];
const KEYS = ['test/capabilities/keys.test.ts'];
const LOGIN = ['test/principals/machine.test.ts'];
const DPOP = ['test/core/dpop.test.ts'];
const ACCOUNTS = ['test/principals/service-accounts.test.ts'];
const OAUTH = ['test/api/oauth.test.ts'];
const CLI = ['test/cli/capability.test.ts'];
const ASSERTION = 'src/principals/machine/assertion.ts';
const MACHINE_STORE = 'src/principals/machine/store.ts';
const BOUND = 'src/principals/machine/authenticate-token.ts';
const PROOF = 'src/core/dpop.ts';

/** Defects of how service accounts sign in and prove their keys, and of the OAuth endpoints. */
export const MACHINE_BUGS: readonly PlantedBug[] = [
  {
    name: 'a proof is taken for any method and address',
    file: PROOF,
    find: 'if (plainUrl(htu) === undefined || plainUrl(htu) !== plainUrl(expected.url))',
    replace: 'if (htu === null)',
    tests: DPOP,
  },
  {
    name: 'a proof is taken beside any token',
    file: PROOF,
    find: 'if (expected.accessToken !== undefined && ath',
    replace: 'if (expected.accessToken === "" && ath',
    tests: DPOP,
  },
  {
    name: 'a proof is taken at any age',
    file: PROOF,
    find: 'Math.abs(iat * 1_000 - expected.now) > LIMITS.dpopAgeMs',
    replace: 'iat < 0',
    tests: DPOP,
  },
  {
    name: 'a proof or an assertion is taken again',
    file: MACHINE_STORE,
    find: '(SELECT 1 FROM seen_proof WHERE id IN (',
    replace: `(SELECT 1 FROM seen_proof WHERE id LIKE 'x%' AND id IN (`,
    tests: [...EXCHANGE, ...LOGIN],
  },
  {
    name: 'an assertion is taken for any audience',
    file: ASSERTION,
    find: '      audience: [...input.audiences],\n',
    replace: '',
    tests: LOGIN,
  },
  {
    name: 'an assertion is looked up by whatever it names',
    file: ASSERTION,
    find: "typeof sub === 'string' && sub === iss && ACCOUNT_ID.test(sub) ? sub : undefined",
    replace: 'sub === iss ? (sub as string) : undefined',
    tests: LOGIN,
  },
  {
    name: 'an assertion for this gateway and another is taken',
    file: ASSERTION,
    find: 'if (Array.isArray(aud) && aud.length !== 1)',
    replace: 'if (Array.isArray(aud) && aud.length === 0)',
    tests: LOGIN,
  },
  {
    name: 'an assertion that lasts long is taken',
    file: ASSERTION,
    find: 'if (exp * 1_000 > input.now + LIMITS.clientAssertionAgeMs + LIMITS.clockSkewMs)',
    replace: 'if (exp * 1_000 < input.now - LIMITS.clientAssertionAgeMs)',
    tests: LOGIN,
  },
  {
    name: 'the token of a removed account stays in force',
    file: MACHINE_STORE,
    find: 'AND access_token.revoked_at IS NULL AND service_account.removed_at IS NULL`',
    replace: 'AND access_token.revoked_at IS NULL`',
    tests: LOGIN,
  },
  {
    name: 'an access token is stored as it is',
    file: 'src/principals/machine/issue-token.ts',
    find: 'tokenHash: sha256Hex(token),',
    replace: 'tokenHash: token,',
    tests: LOGIN,
  },
  {
    name: 'a bound access token is taken without a proof',
    file: BOUND,
    find: `if (sent.scheme !== 'DPoP' || sent.proof === undefined)`,
    replace: `if (sent.scheme !== 'DPoP' && sent.proof === undefined)`,
    tests: LOGIN,
  },
  {
    name: 'a bound access token is taken with the proof of any key',
    file: BOUND,
    find: 'if (jkt !== found.jkt)',
    replace: `if (jkt === '')`,
    tests: LOGIN,
  },
  {
    name: 'an access token is ended by anybody',
    file: MACHINE_STORE,
    find: 'WHERE token_hash = ? AND service_account_id = ? AND',
    replace: 'WHERE token_hash = ? AND ? IS NOT NULL AND',
    tests: LOGIN,
  },
  {
    name: 'a cookie exchanges',
    file: 'src/api/authenticate.ts',
    find: `  if (header === undefined)
    throw new CountersignError(
      'unauthenticated',
      'Send an API key as Authorization: Bearer cs_…, or the access token of a service account (csa_…).',`,
    replace: `  if (header === undefined && c.req.header('cookie') === undefined)
    throw new CountersignError(
      'unauthenticated',
      'Send an API key as Authorization: Bearer cs_…, or the access token of a service account (csa_…).',`,
    tests: OAUTH,
  },
  {
    name: 'a key file that others can read is taken',
    file: 'src/core/secret-file.ts',
    find: '(mode & 0o077) !== 0',
    replace: '(mode & 0o002) !== 0',
    tests: [...KEYS, ...CLI],
  },
  {
    name: 'a parameter with a NUL is taken',
    file: 'src/api/oauth/form.ts',
    find: "if (value.includes('\\0'))",
    replace: "if (value === '\\0')",
    tests: OAUTH,
  },
  {
    name: 'two service accounts have one name',
    file: 'src/principals/service-accounts.ts',
    find: '  if (taken === undefined) return;',
    replace: '  if (taken?.name !== name) return;',
    tests: ACCOUNTS,
  },
  {
    name: 'two service accounts have one name when they are registered at once',
    file: 'src/principals/store.ts',
    find: 'WHERE workspace = ? AND name = ? AND removed_at IS NULL)',
    replace: 'WHERE workspace = ? AND name = ? AND removed_at < 0)',
    tests: ACCOUNTS,
  },
  {
    name: 'an address with a NUL is looked up',
    file: 'src/api/serve.ts',
    find: "if (!c.req.url.includes('%00')) return;",
    replace: "if (!c.req.url.includes('%000')) return;",
    tests: ['test/api/lists.test.ts'],
  },
  {
    name: 'a parameter that is said twice is taken',
    file: 'src/api/oauth/form.ts',
    find: 'if (values.has(name))',
    replace: 'if (values.size > 100)',
    tests: OAUTH,
  },
];
