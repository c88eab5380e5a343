import type { PlantedBug } from './bug.ts';

const API = ['test/api/makers.test.ts'];
const FOUND = ['test/principals/makers.test.ts'];
const TERMS = ['test/approvals/quorum.test.ts'];
const RECHECK = ['test/approvals/recheck.test.ts'];
const PUSH = ['test/notifications/push/follow-device.test.ts'];
const PAGE = ['test/dashboard/quorum.test.ts'];
const RULES = ['test/evidence/maker-rules.test.ts'];
const REVERIFY = ['test/evidence/reverify.test.ts'];
const TAMPER = ['test/evidence/tamper/makers.test.ts'];

/** Ways in which somebody could decide what they made ask, in the gateway, on the page, and in the verifier. */
export const MAKER_BUGS: readonly PlantedBug[] = [
  {
    name: 'whoever made the key that minted the session decides',
    file: 'src/approvals/approver.ts',
    find: "if (maker.kind === 'nobody' || maker.person !== approverRef(approver)) return undefined;",
    replace:
      "if (maker.kind === 'nobody' || maker.person !== approverRef(approver) || maker.keys > 0) return undefined;",
    tests: API,
  },
  {
    name: 'whoever registered the service account decides',
    file: 'src/approvals/approver.ts',
    find: "if (maker.kind === 'nobody' || maker.person !== approverRef(approver)) return undefined;",
    replace:
      "if (maker.kind === 'nobody' || maker.person !== approverRef(approver) || maker.keys === 0) return undefined;",
    tests: API,
  },
  {
    name: 'an unknown maker keeps nobody from deciding',
    file: 'src/approvals/approver.ts',
    find: "  if (maker.kind === 'unknown')\n",
    replace: "  if (maker.kind === 'unknown' && approver.id === '')\n",
    tests: TERMS,
  },
  {
    name: 'whoever made what asks breaks the glass for it',
    file: 'src/approvals/approver.ts',
    find: '(breakGlass || terms.excludeRequester)',
    replace: 'terms.excludeRequester',
    tests: API,
  },
  {
    name: 'the maker of a key of a key is told another thing',
    file: 'src/approvals/approver.ts',
    find: 'return keys === 1',
    replace: 'return keys >= 1',
    tests: TERMS,
  },
  {
    name: 'a chain is followed no further than the first key',
    file: 'src/principals/makers/store.ts',
    find: "LEFT JOIN api_key ON chain.ref LIKE 'api_key:%'",
    replace: "LEFT JOIN api_key ON chain.ref LIKE 'api_key:%' AND api_key.created_by LIKE 'person:%'",
    tests: FOUND,
  },
  {
    name: 'narrowing hides who minted',
    file: 'src/principals/makers/store.ts',
    find: 'SELECT COALESCE(session.minted_by, api_key.created_by,',
    replace:
      "SELECT COALESCE(CASE WHEN session.parent_id IS NULL THEN session.minted_by ELSE 'gateway:x' END, api_key.created_by,",
    tests: API,
  },
  {
    name: 'a key of another workspace tells who made it',
    file: 'src/principals/makers/store.ts',
    find: 'AND api_key.id = substr(chain.ref, 9) AND api_key.workspace = ?',
    replace: "AND api_key.id = substr(chain.ref, 9) AND ? <> ''",
    tests: FOUND,
  },
  {
    name: 'a chain that ends nowhere is the gateway’s',
    file: 'src/principals/makers/maker.ts',
    find: "chain.some((ref) => ref.startsWith('gateway:')) ? 'nobody' : 'unknown'",
    replace: "chain.length > 0 ? 'nobody' : 'unknown'",
    tests: FOUND,
  },
  {
    name: 'the gateway’s own sessions can be decided by nobody',
    file: 'src/principals/makers/maker.ts',
    find: "ref.startsWith('gateway:')) ? 'nobody'",
    replace: "ref.startsWith('gateway!')) ? 'nobody'",
    tests: API,
  },
  {
    name: 'the maker is not looked up when the call is sent',
    file: 'src/gate/recheck-approvers.ts',
    find: 'const maker = await deps.makerOf(approval);',
    replace: "const maker = { ...(await deps.makerOf(approval)), kind: 'nobody' } as const;",
    tests: RECHECK,
  },
  {
    name: 'a device is told of what its person’s key asks for',
    file: 'src/app/wire-push.ts',
    find: "const maker = makers[index] ?? { kind: 'unknown' };",
    replace: "const maker = { ...makers[index], kind: 'nobody' };",
    tests: PUSH,
  },
  {
    name: 'the page offers Approve to whoever made what asks',
    file: 'src/dashboard/browser/model/quorum.ts',
    find: 'if (detail.excludeRequester && detail.ownRequest !== null)',
    replace: 'if (!detail.excludeRequester && detail.ownRequest !== null)',
    tests: PAGE,
  },
  {
    name: 'the page offers whoever made what asks to break the glass',
    file: 'src/dashboard/browser/model/quorum.ts',
    find: '    detail.ownRequest === null &&\n',
    replace: '',
    tests: PAGE,
  },
  {
    name: 'the API tells nobody that a request is their own',
    file: 'src/api/routes/approvals.ts',
    find: "if (kind !== 'person') return undefined;",
    replace: "if (kind !== 'session') return undefined;",
    tests: API,
  },
  {
    name: 'the verifier lets the maker decide',
    file: 'src/evidence/decisions.ts',
    find: 'return approval.maker === approver.ref ?',
    replace: "return approval.maker === '' ?",
    tests: RULES,
  },
  {
    name: 'the verifier passes over a maker that the log does not tell',
    file: 'src/evidence/decisions.ts',
    find: 'if (approval.maker === undefined) return',
    replace: "if (approval.requester === '') return",
    tests: RULES,
  },
  {
    name: 'the verifier takes every key for the gateway’s',
    file: 'src/evidence/keys.ts',
    find: 'world.keyMakers.set(id, makerOf(world, entry.ref.principal));',
    replace: 'world.keyMakers.set(id, null);',
    tests: RULES,
  },
  {
    name: 'the verifier forgets who made the key of a key',
    file: 'src/evidence/makers.ts',
    find: "if (kind === 'api_key') return world.keyMakers.get(id);",
    replace: "if (kind === 'api_key') return world.keyMakers.get(id) === undefined ? undefined : null;",
    tests: RULES,
  },
  {
    name: 'the verifier lets a second key take the id of the first',
    file: 'src/evidence/keys.ts',
    find: "if (world.keyMakers.has(id)) return 'an API key has this id already';",
    replace: '',
    tests: RULES,
  },
  {
    name: 'the verifier forgets the maker when a session is narrowed',
    file: 'src/evidence/sessions.ts',
    find: 'world.sessions.set(id, { endsAt, maker: from.maker });',
    replace: 'world.sessions.set(id, { endsAt, maker: null });',
    tests: RULES,
  },
  {
    name: 'the verifier lets a live session be minted anew',
    file: 'src/evidence/sessions.ts',
    find: "  if (ref.session !== id) return 'it is about another session than its ref';\n  if (sessionAt(world, id, ts) !== undefined) return LIVES_ALREADY;\n  const maker",
    replace: "  if (ref.session !== id) return 'it is about another session than its ref';\n  const maker",
    tests: RULES,
  },
  {
    name: 'the verifier lets a live session be narrowed anew',
    file: 'src/evidence/sessions.ts',
    find: '  if (sessionAt(world, id, ts) !== undefined) return LIVES_ALREADY;\n  const from',
    replace: '  const from',
    tests: RULES,
  },
  {
    name: 'the verifier takes every service account for the gateway’s',
    file: 'src/evidence/service-accounts.ts',
    find: 'const maker = makerOf(world, entry.ref.principal);',
    replace: 'const maker = null;',
    tests: RULES,
  },
  {
    name: 'a release does not ask who made the key that requested',
    file: 'src/evidence/reverify.ts',
    find: "if (type === 'key.created') return",
    replace: "if (type === 'key.revoked') return",
    tests: REVERIFY,
  },
  {
    name: 'a release does not ask who minted the session',
    file: 'src/evidence/reverify.ts',
    find: '[...taking, ...began].map(',
    replace: '[...taking].map(',
    tests: REVERIFY,
  },
  {
    name: 'an entry that tells who made a key may be replaced in the database',
    file: 'src/evidence/reverify.ts',
    find: "  'key.created',\n  'service_account.created',\n]);",
    replace: "  'service_account.created',\n]);",
    tests: TAMPER,
  },
  {
    name: 'a bundle leaves out who made the keys',
    file: 'src/evidence/trust.ts',
    find: "  'key.created',\n",
    replace: '',
    tests: TAMPER,
  },
];
