import type { PlantedBug } from './bug.ts';

const REVIEW = ['test/downstream/refuse.test.ts'];
const STORE_TESTS = ['test/downstream/store.test.ts'];
const STORY = ['test/stories/refuse.test.ts'];
const COMMANDS = ['test/cli/server-drift.test.ts'];
const PAGE = ['test/stories/browser-refuse.test.ts'];
const PIN = 'src/downstream/pin.ts';
const STORE = 'src/downstream/store.ts';
const REVIEWS = 'src/downstream/review.ts';
const SERVER_DRIFT = 'src/cli/commands/server-drift.ts';

/** Defects of how a definition that nobody wants is refused, and stays so. */
export const REFUSE_BUGS: readonly PlantedBug[] = [
  {
    name: 'refuse: what was refused is told of as drift each time it is seen',
    file: PIN,
    find: ' || refusalOf(sighting, pin) !== undefined;',
    replace: ';',
    tests: STORY,
  },
  {
    name: 'refuse: one refusal stands for every other definition of its tool',
    file: PIN,
    find: 'return pin?.hash === hash ? undefined : pin?.refusals.get(hash);',
    replace: 'return pin?.hash === hash ? undefined : [...(pin?.refusals.values() ?? [])][0];',
    tests: REVIEW,
  },
  {
    name: 'refuse: the accepted definition is refused where somebody once refused it',
    file: PIN,
    find: "  if (pin?.hash === sighting.hash) return 'active';\n",
    replace: "  if (pin?.refusals.size === 0 && pin.hash === sighting.hash) return 'active';\n",
    tests: REVIEW,
  },
  {
    name: 'refuse: a stale hash refuses whatever is offered by then',
    file: REVIEWS,
    find: 'hash !== offered.hash || !(await pins.refuse',
    replace: '!(await pins.refuse',
    tests: REVIEW,
  },
  {
    name: 'refuse: an operator refuses what a lock file decides',
    file: REVIEWS,
    find: 'if (lock !== undefined) {',
    replace: "if (lock !== undefined && what === 'accept') {",
    tests: REVIEW,
  },
  {
    name: 'refuse: the accepted definition can be refused',
    file: REVIEWS,
    find: 'if (view?.pins.get(tool)?.hash === offered.hash) {',
    replace: "if (what === 'accept' && view?.pins.get(tool)?.hash === offered.hash) {",
    tests: REVIEW,
  },
  {
    name: 'refuse: a reason that no engine can store is passed on',
    file: REVIEWS,
    find: "reason !== undefined && (reason.includes('\\0') || !reason.isWellFormed())",
    replace: "reason?.includes('\\0')",
    tests: REVIEW,
  },
  {
    name: 'refuse: the catalogue does not learn of it until the list is read again',
    file: REVIEWS,
    find: "        throw stale(offered, { server, what: 'refused' });\n      await supervisor.repin();",
    replace: "        throw stale(offered, { server, what: 'refused' });",
    tests: REVIEW,
  },
  {
    name: 'refuse: a name that two servers claim makes a refused tool wait for a review again',
    file: 'src/downstream/assemble.ts',
    find: "tool.state === 'active' && found.has(tool.exposed)",
    replace: 'found.has(tool.exposed)',
    tests: REVIEW,
  },
  {
    name: 'refuse: a definition that the server does not offer is refused ahead',
    file: STORE,
    find: 'WHERE workspace = ? AND server = ? AND tool = ? AND candidate_hash = ?\n  ON CONFLICT',
    replace:
      "WHERE workspace = ? AND server = ? AND tool = ? AND COALESCE(candidate_hash, '') <> COALESCE(?, '')\n  ON CONFLICT",
    tests: STORE_TESTS,
  },
  {
    name: 'refuse: what is accepted leaves its refusal behind',
    file: STORE,
    find: '        then: [forgetRefusal({ server, tool, hash })],\n',
    replace: '',
    tests: STORY,
  },
  {
    name: 'refuse: what a lock file accepts leaves its refusal behind',
    file: STORE,
    find: '{ sql: PIN_LOCKED, params }, forgetRefusal({ server, tool, hash })]',
    replace: '{ sql: PIN_LOCKED, params }]',
    tests: STORE_TESTS,
  },
  {
    name: 'refuse: accepting a definition takes back the refusal of every other',
    file: STORE,
    find: 'server = ? AND tool = ? AND hash = ?`;',
    replace: "server = ? AND tool = ? AND (hash = ? OR hash <> '')`;",
    tests: STORE_TESTS,
  },
  {
    name: 'refuse: a refused definition cannot be accepted once another was seen after it',
    file: STORE,
    find: '(candidate_hash = ? OR EXISTS\n',
    replace: '(candidate_hash = ? AND EXISTS\n',
    tests: STORE_TESTS,
  },
  {
    name: 'refuse: any definition can be accepted once one was refused',
    file: STORE,
    find: 'WHERE workspace = ? AND server = ? AND tool = ? AND hash = ?)) RETURNING hash`',
    replace: "WHERE workspace = ? AND server = ? AND tool = ? AND hash <> COALESCE(?, ''))) RETURNING hash`",
    tests: STORE_TESTS,
  },
  {
    name: 'refuse: a refused tool is called',
    file: 'src/gate/gate.ts',
    find: "if (tool.state !== 'active')",
    replace: "if (tool.state === 'quarantined')",
    tests: STORY,
  },
  {
    name: 'refuse: a refused tool is listed',
    file: 'src/gate/offer.ts',
    find: "tool.state !== 'active' || isOwnTool",
    replace: "tool.state === 'quarantined' || isOwnTool",
    tests: STORY,
  },
  {
    name: 'refuse: the work of a session asks a refused tool how it is',
    file: 'src/gate/call-for-job.ts',
    find: "if (tool.state !== 'active')",
    replace: "if (tool.state === 'quarantined')",
    tests: ['test/gate/shut.test.ts'],
  },
  {
    name: 'refuse: an agent is not told who refused it and why',
    file: 'src/gate/shut.ts',
    find: 'if (refusal === undefined)',
    replace: "if (refusal !== null || server === '')",
    tests: STORY,
  },
  {
    name: 'refuse: --all accepts what was refused',
    file: 'src/sdk/tool-change.ts',
    find: "tool.state === 'quarantined' && tool.hash",
    replace: "tool.state !== 'active' && tool.hash",
    tests: COMMANDS,
  },
  {
    name: 'refuse: the reason is not sent',
    file: SERVER_DRIFT,
    find: 'servers.refuse({ ...tool, hash, reason })',
    replace: 'servers.refuse({ ...tool, hash, reason: reason && undefined })',
    tests: COMMANDS,
  },
  {
    name: 'refuse: "server diff" keeps silent about what was refused',
    file: SERVER_DRIFT,
    find: "tools.filter((one) => one.state !== 'active')",
    replace: "tools.filter((one) => one.state === 'quarantined')",
    tests: COMMANDS,
  },
  {
    name: 'refuse: the doctor does not say how many are refused',
    file: 'src/cli/doctor/check-inside.ts',
    find: 'refused > 0 ?',
    replace: 'refused < 0 ?',
    tests: ['test/cli/doctor/check-inside.test.ts'],
  },
  {
    name: 'refuse: the page refuses what it has not shown',
    file: 'src/dashboard/browser/parts/fleet/refuse-tool.tsx',
    find: '      hash,\n',
    replace: "      hash: hash.replace(/./g, '0'),\n",
    tests: PAGE,
  },
  {
    name: 'refuse: the page forgets the reason',
    file: 'src/dashboard/browser/parts/fleet/refuse-tool.tsx',
    find: "form.get('reason')",
    replace: "form.get('why')",
    tests: PAGE,
  },
];
