import type { PlantedBug } from './bug.ts';

const MINT = ['test/api/mint-by-person.test.ts'];
const MODEL = ['test/dashboard/fleet-model.test.ts'];
const SERVER = ['test/dashboard/server-model.test.ts'];
const SERVE = ['test/dashboard/serve.test.ts'];
const LINES = ['test/sdk/connect-lines.test.ts'];

/** Defects of the pages for sessions, jobs and servers, and of what people may mint. */
export const FLEET_BUGS: readonly PlantedBug[] = [
  {
    name: 'a person mints a session that acts for whomever they name',
    file: 'src/api/own-subject.ts',
    find: 'if (asked.subject === undefined || asked.subject === own) return own;',
    replace: 'if (asked.subject !== own) return asked.subject ?? own;',
    tests: MINT,
  },
  {
    name: 'a session that a person mints acts for nobody in particular',
    file: 'src/api/routes/sessions.ts',
    find: "by.kind === 'person' ? await ownSubject(deps, { person: by, subject }) : subject",
    replace:
      "by.kind === 'person' && subject !== undefined ? await ownSubject(deps, { person: by, subject }) : subject",
    tests: MINT,
  },
  {
    name: 'the user that a person was enrolled with is forgotten when they mint',
    file: 'src/api/own-subject.ts',
    find: '(await findPerson(deps.principals, person.id))?.subject ?? principalRef(person)',
    replace: 'principalRef(person)',
    tests: MINT,
  },
  {
    name: 'a session whose parent is not listed is not listed either',
    file: 'src/sdk/session-tree.ts',
    find: 'one.parent !== null && known.has(one.parent) ? one.parent : null',
    replace: 'one.parent',
    tests: MODEL,
  },
  {
    name: 'only the children of a session are counted, not theirs',
    file: 'src/dashboard/browser/model/session-words.ts',
    find: 'sum + 1 + countBelow(child)',
    replace: 'sum + 1',
    tests: MODEL,
  },
  {
    name: 'a cap that is no whole number is taken as it is',
    file: 'src/dashboard/browser/model/session-words.ts',
    find: '!/^\\d+$/.test(cap) || ',
    replace: '',
    tests: MODEL,
  },
  {
    name: 'the list of sessions of an address that says nothing shows the ended ones too',
    file: 'src/dashboard/browser/model/session-words.ts',
    find: "?? 'active')",
    replace: '?? undefined)',
    tests: MODEL,
  },
  {
    name: 'a job of another state slips into a list of one state',
    file: 'src/dashboard/browser/model/job-words.ts',
    find: 'choice.state === undefined || choice.state === job.state ? [job, ...jobs] : jobs',
    replace: '[job, ...jobs]',
    tests: MODEL,
  },
  {
    name: 'a job jumps to the top when something happens to it',
    file: 'src/dashboard/browser/model/job-words.ts',
    find: 'return jobs.map((one) => (one.id === job.id ? job : one));',
    replace: 'return [job, ...jobs.filter((one) => one.id !== job.id)];',
    tests: MODEL,
  },
  {
    name: 'the timeline of a job shows what happened to another',
    file: 'src/dashboard/browser/model/job-words.ts',
    find: 'body.job === undefined || body.job === jobId',
    replace: 'body.job === undefined || jobId !== undefined',
    tests: MODEL,
  },
  {
    name: 'the hash of a shown definition is taken over the name that agents see',
    file: 'src/dashboard/browser/model/server-words.ts',
    find: 'canonicalize(offeredDefinition(tool) as JsonObject)',
    replace: 'canonicalize(tool.definition as JsonObject)',
    tests: SERVER,
  },
  {
    name: 'hidden characters in the names of members are not counted',
    file: 'src/dashboard/browser/model/server-words.ts',
    find: '[key, ...textsIn(member)]',
    replace: 'textsIn(member)',
    tests: SERVER,
  },
  {
    name: 'a tool that was never accepted shows no difference',
    file: 'src/sdk/tool-change.ts',
    find: 'tool.pinnedDefinition ?? {}',
    replace: 'tool.pinnedDefinition ?? offeredDefinition(tool)',
    tests: SERVER,
  },
  {
    name: 'tools that have drifted stand anywhere in the list',
    file: 'src/dashboard/browser/model/server-words.ts',
    find: 'rank(a) - rank(b) || ',
    replace: '',
    tests: SERVER,
  },
  {
    name: 'the page of one session has no address',
    file: 'src/dashboard/serve.ts',
    find: 'sessions|jobs|servers',
    replace: 'jobs|servers',
    tests: SERVE,
  },
  {
    name: 'the lines for a client fail on characters outside Latin-1',
    file: 'src/sdk/connect-lines.ts',
    find: "Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('')",
    replace: 'text',
    tests: LINES,
  },
];
