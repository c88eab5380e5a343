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
];
