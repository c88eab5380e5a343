import type { PlantedBug } from './bug.ts';

const EARLY = ['test/mcp/early-answers.test.ts'];
const ERRORS = ['test/mcp/client-errors.test.ts'];

/** Defects in what makes a gateway visible: answers before questions, errors about capabilities, levels across eras. */
export const RELAY_GAP_BUGS: readonly PlantedBug[] = [
  {
    name: 'answers are given though some of the questions have none',
    file: 'src/mcp/relay/relay.ts',
    find: '!questions.every(({ key }) => isJsonObject(given[key]))',
    replace: '!questions.some(({ key }) => isJsonObject(given[key]))',
    tests: EARLY,
  },
  {
    name: 'an answer before its question is lost',
    file: 'src/mcp/relay/relay.ts',
    find: 'attended: early === undefined ? first : await begin(early), round',
    replace: 'attended: first, round',
    tests: EARLY,
  },
  {
    name: 'an error about a capability reaches clients that have declared it',
    file: 'src/mcp/errors.ts',
    find: '      : declared[key] === undefined,',
    replace: '      : declared[key] !== null,',
    tests: ERRORS,
  },
  {
    name: 'an error about an extension reaches clients that have declared it',
    file: 'src/mcp/errors.ts',
    find: '.every((id) => extensions[id] === undefined)',
    replace: '.every((id) => extensions[id] !== null)',
    tests: ERRORS,
  },
  {
    name: 'an error that names no capability passes as one about capabilities',
    file: 'src/mcp/errors.ts',
    find: '!isJsonObject(required) || Object.keys(required).length === 0',
    replace: '!isJsonObject(required)',
    tests: ERRORS,
  },
  {
    name: 'the error for an unknown resource does not name it',
    file: 'src/mcp/errors.ts',
    find: "{ ...error, data: { code: 'not_found', uri } }",
    replace: 'error',
    tests: ERRORS,
  },
  {
    name: 'the level of an earlier client does not reach 2026-07-28 servers',
    file: 'src/mcp/legacy-talk.ts',
    find: '    ...(connection.logLevel === undefined ? {} : { logLevel: connection.logLevel }),\n',
    replace: '',
    tests: ['test/mcp/logging-across.test.ts'],
  },
  {
    name: 'what a server asks about a task is asked of whoever has a call in flight',
    file: 'src/downstream/questions.ts',
    find: 'return isAboutTask(params) ? [] : onlySession();',
    replace: 'return onlySession();',
    tests: ['test/downstream/questions.test.ts'],
  },
  {
    name: 'a call that its client left behind outlives its session',
    file: 'src/mcp/relay/parking.ts',
    find: 'for (const call of [...calls.values(), ...leftBehind]) if',
    replace: 'for (const call of [...calls.values()]) if',
    tests: ['test/mcp/parking.test.ts'],
  },
  {
    name: 'answers go to a server that may not ask any more',
    file: 'src/mcp/relay/relay.ts',
    find: 'relays.includes(relayed) ? given[key] : undefined',
    replace: 'given[key]',
    tests: ['test/mcp/relay-retry.test.ts'],
  },
  {
    name: 'logs pile up for a client that does not read',
    file: 'src/mcp/legacy-talk.ts',
    find: 'if (response.writableLength <= UNREAD_BYTES) send(json);',
    replace: 'send(json);',
    tests: ['test/mcp/legacy-talk.test.ts'],
  },
  {
    name: 'a listener follows as many resources as it names',
    file: 'src/mcp/modern.ts',
    find: '[...new Set(uris)].slice(0, LIMITS.subscriptionsPerSession)',
    replace: '[...new Set(uris)]',
    tests: ['test/mcp/subscriptions.test.ts'],
  },
  {
    name: 'a read whose session has ended leaves an intent without an outcome',
    file: 'src/gate/forward.ts',
    find: "const reason = 'The session ended before the request was sent.';\n    await recordOutcome(deps, ref, { kind: 'not_sent', code: 'cancelled', reason });",
    replace: "const reason = 'The session ended before the request was sent.';",
    tests: ['test/gate/converse.test.ts'],
  },
  {
    name: 'a tracer that sends twice is obeyed',
    file: 'src/gate/forward.ts',
    find: '(sent ??= downstreams.request(',
    replace: '(sent = downstreams.request(',
    tests: ['test/gate/tracing-faults.test.ts'],
  },
  {
    name: 'a broken span hides what became of a request',
    file: 'src/observe/tracing.ts',
    find: 'quietly(() => span.setAttribute(SPANS.outcome, outcome.kind));',
    replace: 'span.setAttribute(SPANS.outcome, outcome.kind);',
    tests: ['test/observe/tracing-faults.test.ts'],
  },
];
