// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pieces of source
import type { PlantedBug } from './bug.ts';

const CLIENT = ['test/downstream/oauth-client.test.ts'];
const LOGIN = ['test/downstream/oauth-login.test.ts'];
const CONFIG = ['test/downstream/oauth-config.test.ts'];
const STORE = ['test/downstream/oauth-store.test.ts'];
const GATEWAY = ['test/cli/server-login.test.ts'];
const AUTH = 'src/downstream/oauth/auth.ts';
const AUTHORIZE = 'src/downstream/oauth/authorize.ts';
const CALL = 'src/downstream/oauth/call-with-token.ts';
const CREDENTIAL = 'src/downstream/oauth/credential.ts';
const DISCOVER = 'src/downstream/oauth/discover.ts';
const KEEP = 'src/downstream/oauth/keep-token.ts';
const LOG_IN = 'src/downstream/oauth/log-in.ts';
const SEALED = 'src/downstream/oauth/store.ts';

/** Defects of how the gateway gets access to remote servers, and how it guards it. */
export const REMOTE_BUGS: readonly PlantedBug[] = [
  {
    name: 'remote: a call is repeated after any 401',
    file: CALL,
    find: 'if (renewed === undefined || !refused.challenged) return first;',
    replace: 'if (renewed === undefined) return first;',
    tests: CLIENT,
  },
  {
    name: 'remote: a 401 with an answer to the call counts as not run',
    file: 'src/downstream/transports/exchange.ts',
    find: 'status === 401 && ownAnswer(text, id)?.id !== id',
    replace: 'status === 401',
    tests: CLIENT,
  },
  {
    name: 'remote: a call is sent for a session that ended while its token was awaited',
    file: CALL,
    find: '  if (ended()) return ENDED;\n  const refused',
    replace: '  const refused',
    tests: CLIENT,
  },
  {
    name: 'remote: a call is sent again for a session that has ended',
    file: CALL,
    find: '  if (ended()) return ENDED;\n  return await send',
    replace: '  return await send',
    tests: CLIENT,
  },
  {
    name: 'remote: every refused call asks for a token of its own',
    file: KEEP,
    find: 'state.renewing ??= ask(state.kept)',
    replace: 'state.renewing = ask(state.kept)',
    tests: CLIENT,
  },
  {
    name: 'remote: a new token that is refused is replaced again and again',
    file: KEEP,
    find: 'now() - credential.obtainedAt < LIMITS.downstreamRenewPauseMs',
    replace: 'now() < credential.obtainedAt',
    tests: CLIENT,
  },
  {
    name: 'remote: a token is used until it is refused',
    file: CREDENTIAL,
    find: "if (now >= expiresAt) return 'over';",
    replace: "if (now > expiresAt) return 'over';",
    tests: CLIENT,
  },
  {
    name: 'remote: a token is renewed only when it has ended',
    file: CREDENTIAL,
    find: "now >= expiresAt - ahead ? 'renew' : 'fresh'",
    replace: "'fresh'",
    tests: CLIENT,
  },
  {
    name: 'remote: a secret goes to whatever authorization server the server names',
    file: DISCOVER,
    find: '  if (issuer === undefined) return offered[0] ??',
    replace: '  if (offered[0] !== undefined || issuer === undefined) return offered[0] ??',
    tests: CLIENT,
  },
  {
    name: 'remote: the words of an authorization server are repeated',
    file: AUTHORIZE,
    find: "const code = /^[a-z_]{1,40}$/.test(error.code) ? error.code : 'an error';",
    replace: 'const code = `${error.code}: ${error.message}`;',
    tests: CLIENT,
  },
  {
    name: 'remote: an authorization server without PKCE is used',
    file: DISCOVER,
    find: "if (!metadata.code_challenge_methods_supported?.includes('S256'))",
    replace: "if (metadata.code_challenge_methods_supported?.includes('S256') === false)",
    tests: LOGIN,
  },
  {
    name: 'remote: metadata about another resource is believed',
    file: DISCOVER,
    find: '!checkResourceAllowed({ requestedResource: own, configuredResource: found.resource })',
    replace: 'found.resource === own.host',
    tests: LOGIN,
  },
  {
    name: 'remote: a token endpoint in the clear is used',
    file: DISCOVER,
    find: "  named(server, 'token endpoint', metadata.token_endpoint);\n",
    replace: '',
    tests: LOGIN,
  },
  {
    name: 'remote: people are sent to whatever address is named',
    file: DISCOVER,
    find: "    named(server, 'authorization endpoint', metadata.authorization_endpoint);\n",
    replace: '',
    tests: LOGIN,
  },
  {
    name: 'remote: a server elsewhere has addresses of this network asked',
    file: DISCOVER,
    find: 'PRIVATE_ADDRESS.test(url.hostname)',
    replace: 'PRIVATE_ADDRESS.test(url.href)',
    tests: ['test/downstream/oauth-discover.test.ts'],
  },
  {
    name: 'remote: a dot at the end makes a name of this network public',
    file: DISCOVER,
    find: 'internal)\\.?$`',
    replace: 'internal)$`',
    tests: ['test/downstream/oauth-discover.test.ts'],
  },
  {
    name: 'remote: a login that is being read outlives being forgotten',
    file: KEEP,
    find: '      await loaded();\n      const had',
    replace: '      const had',
    tests: ['test/downstream/oauth-forget.test.ts'],
  },
  {
    name: 'remote: an answer may come from any issuer',
    file: LOG_IN,
    find: '      expectIssuer(keeper.server, found.begun, read.iss);\n',
    replace: '      if (read.iss === "") expectIssuer(keeper.server, found.begun, read.iss);\n',
    tests: LOGIN,
  },
  {
    name: 'remote: a callback works twice',
    file: LOG_IN,
    find: '      pending.delete(read.state);\n',
    replace: '',
    tests: LOGIN,
  },
  {
    name: 'remote: a callback works at another address',
    file: LOG_IN,
    find: '        found.redirectUri !== read.redirectUri\n',
    replace: '        found.redirectUri === ""\n',
    tests: LOGIN,
  },
  {
    name: 'remote: a login never runs out',
    file: LOG_IN,
    find: '        found.expiresAt <= now() ||\n',
    replace: '',
    tests: LOGIN,
  },
  {
    name: 'remote: a code comes back to another machine',
    file: LOG_IN,
    find: "url?.protocol === 'http:' && isLoopbackHost(url.hostname) && url.port !== ''",
    replace: "url?.protocol === 'http:' && url.port !== ''",
    tests: LOGIN,
  },
  {
    name: 'remote: a renewal overwrites the login that came after it began',
    file: KEEP,
    find: 'if (kept !== undefined && state.kept === before) state.kept = kept;',
    replace: 'state.kept = kept ?? { credential, rev: before.rev };',
    tests: LOGIN,
  },
  {
    name: 'remote: a login is forgotten whenever its authorization server is unwell',
    file: KEEP,
    find: '      if (!isGrantRefused(error)) throw error;\n',
    replace: '      if (isGrantRefused(undefined)) throw error;\n',
    tests: LOGIN,
  },
  {
    name: 'remote: a token goes to whatever the definition says now',
    file: KEEP,
    find: 'if (kept.credential.boundTo === bindingOf(server)) state.kept ??= kept;',
    replace: 'if (bindingOf(server) !== "") state.kept ??= kept;',
    tests: LOGIN,
  },
  {
    name: 'remote: a write that was only said to have failed loses the login later',
    file: KEEP,
    find: 'return { credential, rev: (there ?? before).rev };',
    replace: 'return { credential, rev: before.rev };',
    tests: LOGIN,
  },
  {
    name: 'remote: credentials are kept in clear',
    file: SEALED,
    find: 'return sealText({ key, random }, { context: contextOf(server), text }).toString(',
    replace:
      'sealText({ key, random }, { context: contextOf(server), text });\n    return Buffer.from(text).toString(',
    tests: STORE,
  },
  {
    name: 'remote: a sealed credential opens in the place of another server',
    file: SEALED,
    find: '`countersign/downstream-credential/v1\\n${workspace}\\n${server}`',
    replace: '`countersign/downstream-credential/v1\\n${workspace}\\n${server.length === 0}`',
    tests: STORE,
  },
  {
    name: 'remote: a late renewal is kept',
    file: SEALED,
    find: 'WHERE workspace = ? AND server = ? AND rev = ? RETURNING rev`;\nconst FORGET =',
    replace: 'WHERE workspace = ? AND server = ? AND rev >= ? RETURNING rev`;\nconst FORGET =',
    tests: STORE,
  },
  {
    name: 'remote: a secret may go without a named issuer',
    file: AUTH,
    find: 'if (proves && issuer === undefined)',
    replace: "if (proves && issuer === '')",
    tests: CONFIG,
  },
  {
    name: 'remote: a token may go to a server in the clear',
    file: AUTH,
    find: 'if (!isSafeForSecrets(url))',
    replace: "if (url.protocol === 'ftp:')",
    tests: CONFIG,
  },
  {
    name: 'remote: a login shows the operator nothing of who did it on the ledger',
    file: SEALED,
    find: "            type: 'server.authorized',\n",
    replace: "            type: 'server.deauthorized',\n",
    tests: [...STORE, ...GATEWAY],
  },
];
