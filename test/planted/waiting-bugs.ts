import type { PlantedBug } from './bug.ts';

const COME_BACK = ['test/mcp/come-back.test.ts'];
const ROUNDS = ['test/mcp/rounds.test.ts'];
const CONNECTION = ['test/mcp/elicitation.test.ts'];

/** Defects of the ways in which a client is told that a person must decide. */
export const WAITING_BUGS: readonly PlantedBug[] = [
  {
    name: 'a request state opens in any session',
    file: 'src/mcp/request-state.ts',
    find: 'function contextOf(sessionId: string): string {',
    replace: 'function contextOf(given: string): string {\n  const sessionId = given.slice(0, 4);',
    tests: COME_BACK,
  },
  {
    name: 'a request state stands for any call',
    file: 'src/mcp/retry.ts',
    find: 'if (state?.call === printOf(request)) return state;',
    replace: 'if (state !== undefined) return state;',
    tests: COME_BACK,
  },
  {
    name: 'a request state never runs out',
    file: 'src/mcp/request-state.ts',
    find: 'sealed.now < state.expiresAt ?',
    replace: 'sealed.now < state.expiresAt + 1e12 ?',
    tests: ROUNDS,
  },
  {
    name: 'an approval of another session is collected',
    file: 'src/mcp/tools.ts',
    find: 'known !== undefined && known.sessionId === session.id',
    replace: 'known !== undefined && session.id !== ""',
    tests: ROUNDS,
  },
  {
    name: 'a client is sent round and round until its SDK gives up',
    file: 'src/mcp/ways.ts',
    find: 'MOST_ROUNDS = 8',
    replace: 'MOST_ROUNDS = 80',
    tests: ROUNDS,
  },
  {
    name: 'a client is asked for the page in every round',
    file: 'src/mcp/ways.ts',
    find: "round === 1 && approval.state === 'pending'",
    replace: "approval.state === 'pending'",
    tests: ROUNDS,
  },
  {
    name: 'a client is asked to open the page of a call that is under way',
    file: 'src/mcp/ways.ts',
    find: "round === 1 && approval.state === 'pending'",
    replace: 'round === 1',
    tests: ROUNDS,
  },
  {
    name: 'a declined page is waited for',
    file: 'src/mcp/ways.ts',
    find: 'if (isRefused) return plain(deps, request, known);',
    replace: 'if (isRefused && known.id === "") return plain(deps, request, known);',
    tests: COME_BACK,
  },
  {
    name: 'a client of forms is asked to open a page',
    file: 'src/mcp/ways.ts',
    find: 'isJsonObject(elicitation) && isJsonObject(elicitation.url)',
    replace: 'isJsonObject(elicitation)',
    tests: COME_BACK,
  },
  {
    name: 'every kind of answer over the connection counts as accepted',
    file: 'src/mcp/elicitations.ts',
    find: 'if (!isAccepted) asked',
    replace: 'if (!isAccepted && id === "") asked',
    tests: CONNECTION,
  },
  {
    name: 'a repeated call asks again',
    file: 'src/mcp/elicitations.ts',
    find: 'if (asked.has(approvalId)) return undefined;',
    replace: '',
    tests: CONNECTION,
  },
  {
    name: 'nobody is told that a page is done once the call has ended',
    file: 'src/mcp/legacy-talk.ts',
    find: 'connection.stream ?? response',
    replace: 'response',
    tests: CONNECTION,
  },
  {
    name: 'a client is asked in a revision that knows no pages',
    file: 'src/mcp/legacy-connection.ts',
    find: 'if (revision === LATEST_LEGACY || !isJsonObject(elicitation)) return capabilities;',
    replace: 'if (revision !== undefined || !isJsonObject(elicitation)) return capabilities;',
    tests: CONNECTION,
  },
  {
    name: 'a call that may need a stream is answered on the direct lane',
    file: 'src/mcp/legacy.ts',
    find: 'if (connection === undefined || connection.elicitations !== undefined) return undefined;',
    replace: 'if (connection === undefined) return undefined;',
    tests: CONNECTION,
  },
];
