import type { PlantedBug } from './bug.ts';

const REDEEM = ['test/sessions/oauth/redeem-code.test.ts'];
const REFRESH = ['test/sessions/oauth/refresh-token.test.ts'];
const CONNECT = ['test/api/oauth-connect.test.ts'];
const NARROW = ['test/api/oauth-narrow.test.ts'];
const STORE = 'src/sessions/oauth/store.ts';
const REDEEM_CODE = 'src/sessions/oauth/redeem-code.ts';
const REFRESH_TOKEN = 'src/sessions/oauth/refresh-token.ts';
const DIRECTORY = 'src/sessions/directory.ts';

/** Defects of the codes and tokens of OAuth. */
export const OAUTH_TOKEN_BUGS: readonly PlantedBug[] = [
  {
    name: 'a removed person’s code and refresh token still work',
    file: STORE,
    find: "'EXISTS (SELECT 1 FROM person WHERE person.id = person_id AND person.removed_at IS NULL)'",
    replace: "'EXISTS (SELECT 1 FROM person WHERE person.id = person_id)'",
    tests: [...REDEEM, ...REFRESH],
  },
  {
    name: 'a code is redeemed with any verifier',
    file: REDEEM_CODE,
    find: 'equalSecrets(challenge, code.challenge)',
    replace: 'challenge.length === code.challenge.length',
    tests: REDEEM,
  },
  {
    name: 'a code is redeemed by any client',
    file: REDEEM_CODE,
    find: 'code.clientId === asked.clientId &&',
    replace: "asked.clientId !== '' &&",
    tests: REDEEM,
  },
  {
    name: 'a code is redeemed with any redirect',
    file: REDEEM_CODE,
    find: 'code.redirectUri === asked.redirectUri &&',
    replace: "asked.redirectUri !== '' &&",
    tests: REDEEM,
  },
  {
    name: 'a code lasts an hour',
    file: 'src/sessions/oauth/answer-request.ts',
    find: 'expiresAt: now + LIMITS.oauthCodeTtlMs,',
    replace: 'expiresAt: now + 3_600_000,',
    tests: REDEEM,
  },
  {
    name: 'a code that comes again leaves the session',
    file: REDEEM_CODE,
    find: 'if (code.sessionId !== undefined) await endReused',
    replace: "if (code.sessionId === '') await endReused",
    tests: [...REDEEM, ...CONNECT],
  },
  {
    name: 'a code that comes twice at once leaves the session',
    file: REDEEM_CODE,
    find: 'if (spent?.sessionId !== undefined) await endReused',
    replace: "if (spent?.sessionId === '') await endReused",
    tests: REDEEM,
  },
  {
    name: 'the lifetime is counted from the redemption',
    file: REDEEM_CODE,
    find: 'ttlMs: code.until - now',
    replace: 'ttlMs: code.until - code.expiresAt + 60_000',
    tests: REDEEM,
  },
  {
    name: 'an access token lasts as long as its session',
    file: DIRECTORY,
    find: 'return deps.now() < found.until ? found.session : undefined;',
    replace: 'return found.session;',
    tests: REDEEM,
  },
  {
    name: 'a replaced access token stays good in memory',
    file: REFRESH_TOKEN,
    find: '  deps.sessions.tokenReplaced(sessionId);\n',
    replace: '',
    tests: REFRESH,
  },
  {
    name: 'a session whose token was replaced is not told to end',
    file: DIRECTORY,
    find: 'if (session.id === id) byToken.set(hash, { session, until: 0 });',
    replace: 'if (session.id === id) byToken.delete(hash);',
    tests: REFRESH,
  },
  {
    name: 'a refresh token that comes again leaves the session',
    file: REFRESH_TOKEN,
    find: 'if (spent?.usedAt !== undefined)',
    replace: "if (spent?.hash === '')",
    tests: REFRESH,
  },
  {
    name: 'a refresh token works twice',
    file: STORE,
    find: 'UPDATE oauth_refresh SET used_at = ? WHERE hash = ? AND used_at IS NULL AND',
    replace: 'UPDATE oauth_refresh SET used_at = ? WHERE hash = ? AND',
    tests: REFRESH,
  },
  {
    name: 'a refresh token of another client works',
    file: REFRESH_TOKEN,
    find: 'token === undefined || token.clientId !== asked.clientId',
    replace: 'token === undefined',
    tests: REFRESH,
  },
  {
    name: 'a refresh token of a revoked session works',
    file: STORE,
    find: 'session.id = session_id AND session.revoked_at IS NULL',
    replace: 'session.id = session_id',
    tests: REFRESH,
  },
  {
    name: 'a client ends the connection of another',
    file: 'src/sessions/oauth/known-token.ts',
    find: '  if (asked.clientId !== undefined && asked.clientId !== found.clientId) return;\n',
    replace: '',
    tests: [...REFRESH, ...CONNECT],
  },
  {
    name: 'what an access token is exchanged for lasts as long as the connection',
    file: 'src/api/oauth/exchange.ts',
    find: '    ...(ttlMs === undefined ? {} : { ttlMs }),\n',
    replace: '',
    tests: NARROW,
  },
  {
    name: 'what an access token is exchanged for may be asked to outlast it',
    file: 'src/api/oauth/exchange.ts',
    find: 'if (ttlMs <= left) return ttlMs;',
    replace: 'if (ttlMs >= 0) return ttlMs;',
    tests: NARROW,
  },
  {
    name: 'an access token is said to last as long as its connection',
    file: 'src/api/oauth/about-connection.ts',
    find: 'exp: Math.floor(endsAt / 1_000),',
    replace: 'exp: Math.floor(session.expiresAt / 1_000),',
    tests: NARROW,
  },
  {
    name: 'a code is stored as it is',
    file: 'src/sessions/oauth/answer-request.ts',
    find: 'hash: sha256Hex(code),',
    replace: 'hash: code,',
    tests: REDEEM,
  },
];
