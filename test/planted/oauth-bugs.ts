import type { PlantedBug } from './bug.ts';

const REDIRECT = ['test/sessions/oauth/redirect.test.ts'];
const REQUEST = ['test/sessions/oauth/request.test.ts'];
const REDEEM = ['test/sessions/oauth/redeem-code.test.ts'];
const CLIENT = ['test/sessions/oauth/client.test.ts'];
const OUTBOUND = ['test/http/outbound.test.ts'];
const CONNECT = ['test/api/oauth-connect.test.ts'];
const CONSENT = ['test/api/oauth-consent.test.ts'];
const STORE = 'src/sessions/oauth/store.ts';
const REDIRECT_RULES = 'src/sessions/oauth/redirect.ts';
const REQUEST_RULES = 'src/sessions/oauth/request.ts';
const SEALED = 'src/sessions/oauth/sealed-consent.ts';

/** Defects of connecting by OAuth: requests, consents, clients, and the fetch of what strangers name. */
export const OAUTH_BUGS: readonly PlantedBug[] = [
  {
    name: 'a redirect is taken when it begins like one that was named',
    file: REDIRECT_RULES,
    find: 'if (named.includes(asked)) return true;',
    replace: 'if (named.some((one) => asked.startsWith(one))) return true;',
    tests: REDIRECT,
  },
  {
    name: 'any host may differ in its port',
    file: REDIRECT_RULES,
    find: '  if (!isLoopback(url)) return false;\n',
    replace: '',
    tests: REDIRECT,
  },
  {
    name: 'a loopback redirect may differ in its path',
    file: REDIRECT_RULES,
    find: 'one.pathname',
    replace: 'one.protocol',
    tests: REDIRECT,
  },
  {
    name: 'a script is a redirect',
    file: REDIRECT_RULES,
    find: "  'javascript:',\n",
    replace: '',
    tests: REDIRECT,
  },
  {
    name: 'plain PKCE is taken',
    file: REQUEST_RULES,
    find: "if (parameters.get('code_challenge_method') !== 'S256')",
    replace: "if (parameters.get('code_challenge_method') === 'none')",
    tests: REQUEST,
  },
  {
    name: 'a request without PKCE is taken',
    file: REQUEST_RULES,
    find: "CHALLENGE.test(parameters.get('code_challenge') ?? '')",
    replace: "/^.*$/.test(parameters.get('code_challenge') ?? '')",
    tests: REQUEST,
  },
  {
    name: 'another resource of the same origin is taken',
    file: REQUEST_RULES,
    find: 'url.href === new URL(endpoint).href',
    replace: 'url.origin === new URL(endpoint).origin',
    tests: [...REQUEST, ...REDEEM],
  },
  {
    name: 'a parameter may be repeated',
    file: REQUEST_RULES,
    find: "if (found.has(name) || value.includes('\\0'))",
    replace: "if (value.includes('\\0'))",
    tests: REQUEST,
  },
  {
    name: 'a consent is good in any browser',
    file: SEALED,
    find: 'contextOf({ personId, browser }: Consenter)',
    replace: "contextOf({ personId }: Consenter, browser = '')",
    tests: REQUEST,
  },
  {
    name: 'a consent is good for anybody',
    file: SEALED,
    find: 'contextOf({ personId, browser }: Consenter)',
    replace: "contextOf({ browser }: Consenter, personId = '')",
    tests: REQUEST,
  },
  {
    name: 'a consent never runs out',
    file: SEALED,
    find: 'return deps.now() < consent.expiresAt ? consent : undefined;',
    replace: 'return consent;',
    tests: REQUEST,
  },
  {
    name: 'a consent works twice',
    file: STORE,
    find: 'WHERE NOT EXISTS (SELECT 1 FROM oauth_code WHERE consent_id = ?)',
    replace: "WHERE NOT EXISTS (SELECT 1 FROM oauth_code WHERE hash = '' AND consent_id = ?)",
    tests: REQUEST,
  },
  {
    name: 'a used consent is forgotten while it could be given again',
    file: STORE,
    find: 'const before = now - consentTtlMs;',
    replace: 'const before = now + 0 * consentTtlMs;',
    tests: REQUEST,
  },
  {
    name: 'a person who was removed consents',
    file: STORE,
    find: 'AND EXISTS (SELECT 1 FROM person WHERE id = ? AND workspace = ? AND removed_at IS NULL)',
    replace: 'AND EXISTS (SELECT 1 FROM person WHERE id = ? AND workspace = ?)',
    tests: REQUEST,
  },
  {
    name: 'a document speaks for another address',
    file: 'src/sessions/oauth/client.ts',
    find: 'if (!isJsonObject(document) || document.client_id !== id)',
    replace: 'if (!isJsonObject(document))',
    tests: CLIENT,
  },
  {
    name: 'an id may be written in several ways',
    file: 'src/sessions/oauth/client.ts',
    find: '&& plain && url.href === id',
    replace: '&& plain',
    tests: CLIENT,
  },
  {
    name: 'registrations come without end',
    file: STORE,
    find: 'created_at > ?) < CAST(? AS BIGINT)',
    replace: 'created_at > ?) < 1000000 + CAST(? AS BIGINT)',
    tests: CLIENT,
  },
  {
    name: 'a registration that is refused takes a turn of the ledger',
    file: 'src/sessions/oauth/register-client.ts',
    find: '>= perMinute) throw tooMany();',
    replace: '< 0) throw tooMany();',
    tests: CLIENT,
  },
  {
    name: 'a switch of protocols is waited for without end',
    file: 'src/http/outbound.ts',
    find: "sent.on('close', () =>",
    replace: "sent.on('finished', () =>",
    tests: OUTBOUND,
  },
  {
    name: 'clients that people use are forgotten like any other',
    file: STORE,
    find: 'ORDER BY COALESCE(used_at, 0) DESC, created_at DESC',
    replace: 'ORDER BY created_at DESC',
    tests: CLIENT,
  },
  {
    name: 'a stranger’s address reaches this machine',
    file: 'src/http/outbound.ts',
    find: 'allowIPAddressList: allowLoopback ? [...LOOPBACK] : [],',
    replace: 'allowIPAddressList: [...LOOPBACK],',
    tests: OUTBOUND,
  },
  {
    name: 'a stranger’s address is fetched in the clear',
    file: 'src/http/outbound.ts',
    find: "(allowLoopback && url.protocol === 'http:')",
    replace: "url.protocol === 'http:'",
    tests: OUTBOUND,
  },
  {
    name: 'an answer of any length is read',
    file: 'src/http/outbound.ts',
    find: 'if (size > limit.maxBytes) {',
    replace: 'if (size < 0) {',
    tests: OUTBOUND,
  },
  {
    name: 'an access token counts in an address',
    file: 'src/mcp/door.ts',
    find: "return claimsAccess(token) ? '' : token;",
    replace: 'return token;',
    tests: CONNECT,
  },
  {
    name: 'a malformed access token is refused in other words',
    file: 'src/sessions/oauth/secret.ts',
    find: '  return text.startsWith(PREFIX.access);\n',
    replace: "  return isOauthSecret('access', text);\n",
    tests: CONNECT,
  },
  {
    name: 'an API key consents',
    file: 'src/api/routes/oauth-consent.ts',
    find: 'const person = requireSignedIn(c);',
    replace: "const person = (c.get('principal') ?? requireSignedIn(c)) as PersonPrincipal;",
    tests: CONSENT,
  },
  {
    name: 'a redirect answers a request whose client is in doubt',
    file: 'src/sessions/oauth/check-request.ts',
    find: 'if (!isNamedRedirect(redirectUri, client.redirectUris))',
    replace: "if (redirectUri === '')",
    tests: [...REQUEST, ...CONSENT],
  },
];
