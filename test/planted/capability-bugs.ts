import type { PlantedBug } from './bug.ts';

const EXCHANGE = ['test/capabilities/exchange.test.ts'];
const INTERNAL = ['test/capabilities/internal.test.ts'];
const VERIFY = ['test/capabilities/verify.test.ts'];
const KEYS = ['test/capabilities/keys.test.ts'];
const REVOKE = ['test/capabilities/revoke.test.ts'];
const SPEND = 'src/capabilities/spend.ts';
const STORE = 'src/capabilities/store.ts';
const VERIFIER = 'src/capabilities/verify/verify-capability.ts';
const OPEN_KEYS = 'src/capabilities/keys/open-keys.ts';

/** Defects of capabilities, of their tokens and keys, and of those who check them. */
export const CAPABILITY_BUGS: readonly PlantedBug[] = [
  {
    name: 'a capability is spent whatever its row says',
    file: STORE,
    find: `capability.approval_id = ? AND capability.state = 'issued'`,
    replace: `capability.approval_id = ? AND capability.state <> ''`,
    tests: EXCHANGE,
  },
  {
    name: 'whoever knows the approval exchanges it',
    file: SPEND,
    find: 'if (capability.holder !== holder)',
    replace: 'if (capability.holder === holder.repeat(2))',
    tests: EXCHANGE,
  },
  {
    name: 'the approval is not proven from the ledger',
    file: SPEND,
    find: 'const verified = await deps.reverify(approval.id);',
    replace:
      "const verified: Reverified = await deps.reverify(approval.id).catch(() => ({ index: 0, action: approval.action.commit, approvers: [], basis: 'decision' as const, subject: approval.subject, released: capability }));",
    tests: [...EXCHANGE, ...INTERNAL],
  },
  {
    name: 'the stored call is not compared with the one on the ledger',
    file: SPEND,
    find: 'if (capability.digest !== commit || verified.action !== commit)',
    replace: 'if (capability.digest !== commit)',
    tests: EXCHANGE,
  },
  {
    name: 'the stored capability is not compared with the one on the ledger',
    file: SPEND,
    find: 'if (agree) return;',
    replace: 'if (agree || capability.id !== holder) return;',
    tests: EXCHANGE,
  },
  {
    name: 'the ledger’s own record of an exchange is not looked at',
    file: 'src/evidence/reverify.ts',
    find: "if (state !== 'approved')",
    replace: "if (state === 'pending')",
    tests: EXCHANGE,
  },
  {
    name: 'a rule’s demand for a proof of a key is ignored',
    file: SPEND,
    find: 'if (capability.dpop && holder !== GATEWAY && wanted?.binding?.proven !== true) {',
    replace: 'if (capability.dpop && holder === GATEWAY) {',
    tests: EXCHANGE,
  },
  {
    name: 'a registered key that was not proven counts as proven',
    file: SPEND,
    find: 'if (capability.dpop && holder !== GATEWAY && wanted?.binding?.proven !== true) {',
    replace: 'if (capability.dpop && holder !== GATEWAY && wanted?.binding === undefined) {',
    tests: EXCHANGE,
  },
  {
    name: 'another actor than the approved one is let through',
    file: 'src/capabilities/exchange.ts',
    find: 'if (actor === undefined || actor === expected) return;',
    replace: 'if (actor === undefined || expected !== undefined) return;',
    tests: EXCHANGE,
  },
  {
    name: 'a token outlives its capability',
    file: 'src/capabilities/token.ts',
    find: 'Math.min(iat + LIMITS.capabilityTokenTtlMs / 1_000, Math.ceil(capability.expiresAt / 1_000))',
    replace: 'iat + LIMITS.capabilityTokenTtlMs / 1_000',
    tests: INTERNAL,
  },
  {
    name: 'the token stands on the ledger in clear text',
    file: SPEND,
    find: 'token: sealed.commit,',
    replace: 'token: minted.token,',
    tests: INTERNAL,
  },
  {
    name: 'revoking leaves the approval as it is',
    file: 'src/app/wire-capabilities.ts',
    find: `then: [stepApproval({ id: approvalId, from: 'approved', to: 'void', reason, at })],`,
    replace: `then: [stepApproval({ id: approvalId, from: 'void', to: 'void', reason, at })],`,
    tests: REVOKE,
  },
  {
    name: 'anybody revokes',
    file: 'src/api/routes/oauth.ts',
    find: 'if (!hasRole(principal, []) && capability.holder !== by)',
    replace: `if (!hasRole(principal, ['requester']) && capability.holder !== by)`,
    tests: REVOKE,
  },
  {
    name: 'the reason of a revocation is cut in the middle of a character',
    file: 'src/api/routes/oauth.ts',
    find: "parseReason('reason', form.get('reason')) ?? 'revoked'",
    replace: "(form.get('reason') ?? 'revoked').slice(0, 500)",
    tests: REVOKE,
  },
  {
    name: 'a revoked token is said to be in force',
    file: 'src/capabilities/introspect.ts',
    find: `capability?.state === 'exchanged' ?`,
    replace: 'capability !== undefined ?',
    tests: REVOKE,
  },
  {
    name: 'a service account sees the capabilities of others',
    file: 'src/api/routes/capabilities.ts',
    find: `holder: principal.kind === 'service_account' ? principalRef(principal) : undefined,`,
    replace: 'holder: undefined,',
    tests: REVOKE,
  },
  {
    name: 'a downstream takes any arguments',
    file: VERIFIER,
    find: '=== digest ? digest : differs();',
    replace: '!== undefined ? digest : differs();',
    tests: VERIFY,
  },
  {
    name: 'a downstream takes a token for anybody',
    file: VERIFIER,
    find: '      audience: options.audience,\n',
    replace: '',
    tests: VERIFY,
  },
  {
    name: 'a downstream takes a token of any issuer',
    file: VERIFIER,
    find: '      issuer: options.issuer,\n      audience',
    replace: '      audience',
    tests: VERIFY,
  },
  {
    name: 'a downstream takes a token of any type',
    file: VERIFIER,
    find: '      typ: TOKEN_TYPE,\n',
    replace: '',
    tests: VERIFY,
  },
  {
    name: 'a downstream takes a token that lasts for ever',
    file: VERIFIER,
    find: 'if ((exp - iat) * 1_000 > LIMITS.capabilityTokenTtlMs)',
    replace: 'if (exp < iat)',
    tests: VERIFY,
  },
  {
    name: 'a downstream takes a token twice',
    file: VERIFIER,
    find: 'if ((await options.seen?.(jti)) === true)',
    replace: 'if ((await options.seen?.(jti)) === undefined && options.seen !== undefined)',
    tests: VERIFY,
  },
  {
    name: 'a token that failed a check is remembered as used',
    file: VERIFIER,
    find: "  const { iat = 0, exp = 0, jti = '', basis } = claims;\n",
    replace: "  const { iat = 0, exp = 0, jti = '', basis } = claims;\n  await options.seen?.(jti);\n",
    tests: VERIFY,
  },
  {
    name: 'a downstream takes what nobody decided',
    file: VERIFIER,
    find: 'if (!decided && options.requireDecision !== false)',
    replace: 'if (!decided && options.requireDecision === true)',
    tests: VERIFY,
  },
  {
    name: 'a downstream takes a bound token as a bearer token',
    file: VERIFIER,
    find: `if (claims.token_type === 'DPoP')`,
    replace: `if (claims.token_type === 'dpop')`,
    tests: VERIFY,
  },
  {
    name: 'a downstream takes the proof of any key',
    file: VERIFIER,
    find: 'if (jkt === undefined || found.jkt !== jkt)',
    replace: 'if (jkt === undefined)',
    tests: VERIFY,
  },
  {
    name: 'a retired key comes back with an old file',
    file: OPEN_KEYS,
    find: 'stored.filter((key) => !onLedger.retired.has(key.kid))',
    replace: 'stored.filter((key) => !onLedger.retired.has(key.d))',
    tests: KEYS,
  },
  {
    name: 'a key goes on being accepted after its overlap',
    file: OPEN_KEYS,
    find: 'key.retireAt === undefined || key.retireAt > now',
    replace: 'key.retireAt === undefined || key.retireAt > 0 * now',
    tests: KEYS,
  },
  {
    name: 'a key signs that the ledger does not know',
    file: OPEN_KEYS,
    find: '        await deps.ledger.commit({ entries: [created(next, by)] });\n',
    replace: '',
    tests: KEYS,
  },
];
