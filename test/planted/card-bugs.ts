import type { PlantedBug } from './bug.ts';

const WIRE = ['test/mcp/card.test.ts'];
const MODEL = ['test/dashboard/card.test.ts'];
const WAITS = ['test/mcp/long-waits.test.ts'];

/** Defects of the card that shows a pending approval in a chat, and of waits that outlast a client. */
export const CARD_BUGS: readonly PlantedBug[] = [
  {
    name: 'the card replaces the one that a server has of its own',
    file: 'src/mcp/card/card.ts',
    find: "if ('ui' in told || DRAFT_KEY in told) return definition;",
    replace: '',
    tests: WIRE,
  },
  {
    name: 'the card replaces one that was declared as in drafts of the extension',
    file: 'src/mcp/card/card.ts',
    find: ' || DRAFT_KEY in told',
    replace: '',
    tests: WIRE,
  },
  {
    name: 'a client that shows other things is told of the card',
    file: 'src/mcp/card/card.ts',
    find: ' && ui.mimeTypes.includes(CARD_MIME_TYPE)',
    replace: '',
    tests: WIRE,
  },
  {
    name: 'tools that are never held get the card',
    file: 'src/mcp/tools.ts',
    find: 'cards && one.mayBeHeld',
    replace: 'cards',
    tests: WIRE,
  },
  {
    name: 'a list made for a client with cards is served to one without',
    file: 'src/mcp/tools.ts',
    find: 'const known = cache.get(key);',
    replace: 'const known = cache.get(key.replace(/^false/, "true"));',
    tests: WIRE,
  },
  {
    name: 'a legacy client is listed its tools without cards',
    file: 'src/mcp/legacy.ts',
    find: 'if (showsCards(connection.clientCapabilities)) return undefined;',
    replace: '',
    tests: WIRE,
  },
  {
    name: 'the card tells of approvals of other sessions',
    file: 'src/mcp/card/approval-status.ts',
    find: 'return approvalOf(deps, session, id);',
    replace: 'return (await deps.getApproval(id)) ?? approvalOf(deps, session, id);',
    tests: WIRE,
  },
  {
    name: 'the card finds calls of other sessions',
    file: 'src/app.ts',
    find: "{ workspace, session, state: 'pending'",
    replace: "{ workspace, subject: session && undefined, state: 'pending'",
    tests: WIRE,
  },
  {
    name: 'the card takes any call of its tool for its own',
    file: 'src/mcp/card/approval-status.ts',
    find: ' && canonicalize(thawCall(call.text).args) === wanted',
    replace: " && canonicalize(thawCall(call.text).args) !== ''",
    tests: WIRE,
  },
  {
    name: 'the card may reach any site',
    file: 'src/mcp/card/read-card.ts',
    find: 'connectDomains: []',
    replace: "connectDomains: ['*']",
    tests: WIRE,
  },
  {
    name: 'a server answers for the gateway’s own pages',
    file: 'src/gate/resolve.ts',
    find: 'if (isOwnResource(uri)) throw unknownResource(uri);',
    replace: '',
    tests: WIRE,
  },
  {
    name: 'a server lists pages at the gateway’s own addresses',
    file: 'src/gate/offer.ts',
    find: "!(input.kind === 'resource' && isOwnResource(item.name)) &&",
    replace: '',
    tests: WIRE,
  },
  {
    name: 'a server stands at the gateway’s own addresses by writing them large',
    file: 'src/gate/own-resources.ts',
    find: 'uri.toLowerCase().startsWith',
    replace: 'uri.startsWith',
    tests: WIRE,
  },
  {
    name: 'a server answers for the tool that the card asks',
    file: 'src/gate/own-tools.ts',
    find: 'new Set([APPROVAL_WAIT, APPROVAL_STATUS])',
    replace: 'new Set([APPROVAL_WAIT])',
    tests: WIRE,
  },
  {
    name: 'a card follows whatever approval an agent names in arguments',
    file: 'src/dashboard/browser/card/status.ts',
    find: "tool === 'approval_wait' ? idIn(args) : undefined",
    replace: 'tool === args ? undefined : idIn(args)',
    tests: MODEL,
  },
  {
    name: 'an error is taken for a state',
    file: 'src/dashboard/browser/card/status.ts',
    find: ' && result.isError !== true',
    replace: '',
    tests: MODEL,
  },
  {
    name: 'a wait is longer than a client’s patience',
    file: 'src/core/limits.ts',
    find: 'approvalWaitMaxMs: 25_000',
    replace: 'approvalWaitMaxMs: 75_000',
    tests: WAITS,
  },
  {
    name: 'a wait answers at once that nobody has decided',
    file: 'src/core/limits.ts',
    find: 'approvalWaitMaxMs: 25_000',
    replace: 'approvalWaitMaxMs: 1_000',
    tests: WAITS,
  },
  {
    name: 'a client is sent round oftener than its SDK goes along',
    file: 'src/mcp/ways.ts',
    find: 'MOST_ROUNDS = 8',
    replace: 'MOST_ROUNDS = 12',
    tests: WAITS,
  },
];
