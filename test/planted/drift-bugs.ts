import type { PlantedBug } from './bug.ts';

const DRIFT = ['test/downstream/drift.test.ts'];
const LOCK = ['test/downstream/lock.test.ts'];
const LOCK_FILE = ['test/config/tool-lock.test.ts'];
const COMMANDS = ['test/cli/server-drift.test.ts'];
const STORY = ['test/stories/drift.test.ts'];
const KEEP = 'src/downstream/keep.ts';
const PIN = 'src/downstream/pin.ts';
const SERVER_LOCK = 'src/cli/commands/server-lock.ts';
const SERVER_DRIFT = 'src/cli/commands/server-drift.ts';

/** Defects of how changed tool definitions are found, kept shut, and taken over. */
export const DRIFT_BUGS: readonly PlantedBug[] = [
  {
    name: 'drift: a call is sent whatever its server offers now',
    file: KEEP,
    find: 'judged !== undefined && state.accepted.get(judged.tool) !== judged.hash',
    replace: 'judged !== undefined && !state.accepted.has(judged.tool)',
    tests: DRIFT,
  },
  {
    name: 'drift: an old list is never read again',
    file: KEEP,
    find: "if (state.link !== undefined && timers.now() - state.askedAt >= maxAgeMs) refresh('tools');",
    replace: '',
    tests: DRIFT,
  },
  {
    name: 'drift: a call does not wait for a list that is being read',
    file: KEEP,
    find: 'round < 2 && state.refreshing',
    replace: 'round < 0 && state.refreshing',
    tests: DRIFT,
  },
  {
    name: 'drift: a session that ended while the list was read still sends',
    file: KEEP,
    find: 'if (stillAllowed?.() === false)',
    replace: 'if (stillAllowed?.() === undefined && stillAllowed)',
    tests: DRIFT,
  },
  {
    name: 'drift: what may be called is not looked at again after accepting',
    file: KEEP,
    find: '      state.accepted = acceptedTools(state.offer.tools, state.pinned);\n',
    replace: '',
    tests: DRIFT,
  },
  {
    name: 'drift: an approved call runs without asking its server again',
    file: 'src/app/wire-gate.ts',
    find: '        await downstreams.reread(approval.call.server);\n',
    replace: '',
    tests: STORY,
  },
  {
    name: 'drift: nobody is told',
    file: 'src/app/tell-drift.ts',
    find: "if (event.kind !== 'tool_quarantined') return;",
    replace: 'return;',
    tests: STORY,
  },
  {
    name: 'drift: the configured lock file is not used',
    file: 'src/app.ts',
    find: '    lock: config.toolLock,\n',
    replace: '',
    tests: STORY,
  },
  {
    name: 'drift: a server that the lock does not name is trusted at first sight',
    file: 'src/downstream/lock.ts',
    find: '(lock.servers.get(server) ?? new Map())',
    replace: 'lock.servers.get(server)',
    tests: LOCK,
  },
  {
    name: 'drift: what was accepted before wins over the lock',
    file: PIN,
    find: 'const isNew = pin?.hash !== accepted.hash;',
    replace: 'const isNew = pin === undefined;',
    tests: LOCK,
  },
  {
    name: 'drift: a tool outside the lock stays as it was accepted before',
    file: PIN,
    find: 'if (pin?.hash !== undefined || !known) changes.unlocked',
    replace: 'if (pin === undefined) changes.unlocked',
    tests: LOCK,
  },
  {
    name: 'drift: each start tells of the same difference again',
    file: PIN,
    find: 'accepted.hash !== sighting.hash && (isNew || !known)',
    replace: 'accepted.hash !== sighting.hash',
    tests: LOCK,
  },
  {
    name: 'drift: an operator accepts what the lock shuts',
    file: 'src/downstream/review.ts',
    find: 'if (lock !== undefined) {',
    replace: "if (lock?.file === '') {",
    tests: LOCK,
  },
  {
    name: 'drift: an edited definition in the lock file is believed',
    file: 'src/config/tool-lock.ts',
    find: 'if (entry.hash !== hash) {',
    replace: "if (typeof entry.hash !== 'string') {",
    tests: LOCK_FILE,
  },
  {
    name: 'drift: a locked definition of another tool is believed',
    file: 'src/config/tool-lock.ts',
    find: 'if (definition.name !== tool) {',
    replace: 'if (definition.name === undefined) {',
    tests: LOCK_FILE,
  },
  {
    name: 'drift: --all accepts whatever is offered by then',
    file: SERVER_DRIFT,
    find: 'if (reviewHash(drifted) !== hash) {',
    replace: "if (hash === '') {",
    tests: COMMANDS,
  },
  {
    name: 'drift: tag characters and variation selectors stay hidden',
    file: 'src/cli/terminal-text.ts',
    find: '/[\\p{C}\\p{Default_Ignorable_Code_Point}\\p{Zl}\\p{Zp}\\u2800]|(?! )\\p{Zs}/gu',
    replace: '/[\\p{Cc}\\u200b-\\u200f]/gu',
    tests: COMMANDS,
  },
  {
    name: 'drift: the lock takes over what was never accepted',
    file: SERVER_LOCK,
    find: 'const definition = (offered ?',
    replace: 'const definition = (offered || tool.pinnedDefinition === null ?',
    tests: COMMANDS,
  },
  {
    name: 'drift: a lock is written without the tools of a server that is down',
    file: SERVER_LOCK,
    find: "if (server.state === 'ready') return;",
    replace: "if (server.state !== 'connecting') return;",
    tests: COMMANDS,
  },
  {
    name: 'drift: a file that is no lock is written over',
    file: SERVER_LOCK,
    find: '  const before = await formerHashes(file);\n',
    replace: '  const before = await formerHashes(file).catch(() => new Map());\n',
    tests: COMMANDS,
  },
];
