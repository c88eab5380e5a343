import type { PlantedBug } from './bug.ts';

const HELD = ['test/mcp/tasks/held.test.ts'];
const DETACHED = ['test/mcp/tasks/detach.test.ts', 'test/gate/detach.test.ts'];
const SERVER = ['test/mcp/tasks/server-tasks.test.ts'];
const LEGACY = ['test/mcp/tasks/legacy.test.ts'];
const LISTENING = ['test/mcp/tasks/listening.test.ts'];
const TOLD = ['test/mcp/tasks/task.test.ts'];
const FOLLOWED = ['test/gate/follow-task.test.ts'];

/** Defects of tasks: towards clients, of calls that last, and of servers. */
export const TASK_BUGS: readonly PlantedBug[] = [
  {
    name: 'a held call is seen as a task by every session',
    file: 'src/mcp/tasks/answer.ts',
    find: 'approval?.sessionId === session.id && approval',
    replace: 'approval !== undefined && session.id !== "" && approval',
    tests: HELD,
  },
  {
    name: 'a job is seen as a task by every session',
    file: 'src/mcp/tasks/answer.ts',
    find: 'job?.sessionId === session.id && job',
    replace: 'job !== undefined && session.id !== "" && job',
    tests: DETACHED,
  },
  {
    name: 'a client that did not declare tasks uses them',
    file: 'src/mcp/tasks/methods.ts',
    find: 'if (!declaresTasks(request.clientCapabilities))',
    replace: 'if (!declaresTasks(request.clientCapabilities) && request.method === "")',
    tests: HELD,
  },
  {
    name: 'a task answers to another id in the header',
    file: 'src/mcp/direct.ts',
    find: "(method === 'tools/list' || single(headers['mcp-name']) === named)",
    replace: "(method !== 'tools/call' || single(headers['mcp-name']) === named)",
    tests: HELD,
  },
  {
    name: 'a denied call is a task that failed',
    file: 'src/mcp/tasks/task.ts',
    find: "return { ...task, status: 'completed', inlined: resultFor(context, told) };",
    replace: "return { ...task, status: 'failed', inlined: resultFor(context, told) };",
    tests: HELD,
  },
  {
    name: 'a server says itself that its call was approved',
    file: 'src/mcp/result.ts',
    find: 'withMember(withoutKey(meta, key), own)',
    replace: 'withMember(meta, own)',
    tests: TOLD,
  },
  {
    name: 'an unknown outcome is told as a failure that may be tried again',
    file: 'src/mcp/tasks/task.ts',
    find: "return 'outcome-unknown';",
    replace: "return 'denied-not-executed';",
    tests: TOLD,
  },
  {
    name: 'tasks come after every other way to wait',
    file: 'src/mcp/ways.ts',
    find: "era === 'modern' && declaresTasks(clientCapabilities)",
    replace:
      "era === 'modern' && declaresTasks(clientCapabilities) && clientCapabilities.elicitation === undefined",
    tests: HELD,
  },
  {
    name: 'a client that hangs up ends the call that it was given a task of',
    file: 'src/gate/detach.ts',
    find: '      letGo();\n      goOn(',
    replace: '      goOn(',
    tests: DETACHED,
  },
  {
    name: 'a client that hangs up in time ends nothing',
    file: 'src/gate/detach.ts',
    find: "call.signal?.addEventListener('abort', abort, { once: true });",
    replace: '',
    tests: DETACHED,
  },
  {
    name: 'a call that was not sent becomes a job',
    file: 'src/gate/detach.ts',
    find: 'if (isOver || state.sent === undefined ||',
    replace: 'state.sent ??= {} as never;\n      if (isOver ||',
    tests: DETACHED,
  },
  {
    name: 'one call becomes two jobs',
    file: 'src/gate/detach.ts',
    find: 'const isFree = !state.claimed;',
    replace: 'const isFree = state.told === undefined || !state.claimed;',
    tests: DETACHED,
  },
  {
    name: 'a client is let go while it fills in a form',
    file: 'src/gate/detach.ts',
    find: '      state.asked += 1;\n      clearTimeout(state.timer);\n      try {',
    replace: '      state.asked += 1;\n      try {',
    tests: DETACHED,
  },
  {
    name: 'a cancelled call goes on at its server',
    file: 'src/gate/detach.ts',
    find: '      wasCancelled = true;\n      cancel();',
    replace: '      wasCancelled = true;',
    tests: DETACHED,
  },
  {
    name: 'a revoked session’s work goes on',
    file: 'src/app/wire-gate.ts',
    find: '    detacher.endSession(sessionId);\n    tasks.endSession(sessionId);',
    replace: '',
    tests: [...DETACHED, ...SERVER],
  },
  {
    name: 'every client is given tasks',
    file: 'src/mcp/dispatch.ts',
    find: "const mayDetach = request.era === 'modern' && declaresTasks(request.clientCapabilities);",
    replace: "const mayDetach = request.era === 'modern';",
    tests: DETACHED,
  },
  {
    name: 'a server’s task has no outcome on the ledger',
    file: 'src/gate/follow-tasks.ts',
    find: 'isRecorded ||= await recordOutcome(deps, refOf(job), end.outcome);',
    replace: 'isRecorded = true;',
    tests: SERVER,
  },
  {
    name: 'a server’s task is forgotten in a restart',
    file: 'src/gate/follow-tasks.ts',
    find: 'if (job.remoteId !== undefined && !followed.has(job.id))',
    replace: 'if (job.remoteId === "" && !followed.has(job.id))',
    tests: SERVER,
  },
  {
    name: 'a server’s task is not cancelled at its server',
    file: 'src/gate/follow-tasks.ts',
    find: 'jobs.onCancel(job.id, () => void one.cancel())',
    replace: 'jobs.onCancel(job.id, () => undefined)',
    tests: SERVER,
  },
  {
    name: 'a server’s task asks what nobody allowed',
    file: 'src/mcp/tasks/answer.ts',
    find: "if (judged.kind === 'relayed') open.set(key, judged);",
    replace:
      "open.set(key, judged.kind === 'relayed' ? judged : { kind: 'relayed', relay: 'elicitation', request: { method: one.method, params } });",
    tests: SERVER,
  },
  {
    name: 'answers to a server’s task leave no trace',
    file: 'src/mcp/tasks/answer.ts',
    find: 'await recordAsked(deps.gate, ref, recorded);',
    replace: '',
    tests: SERVER,
  },
  {
    name: 'a frozen call is never told as the task that it became',
    file: 'src/gate/forward.ts',
    find: "    method: 'tools/call',\n    tasks: true,",
    replace: "    method: 'tools/call',",
    tests: SERVER,
  },
  {
    name: 'a task that its server has forgotten is asked for without end',
    file: 'src/gate/follow-task.ts',
    find: 'const UNKNOWN_TASK = -32602;',
    replace: 'const UNKNOWN_TASK = -32001;',
    tests: FOLLOWED,
  },
  {
    name: 'a server that is away is asked as often as ever',
    file: 'src/gate/follow-task.ts',
    find: 'const slowed = wished * 2 ** Math.min(failures, 10);',
    replace: 'const slowed = wished;',
    tests: FOLLOWED,
  },
  {
    name: 'a server is asked as often as it wishes',
    file: 'src/gate/follow-task.ts',
    find: 'Math.max(slowed, LIMITS.taskPollMinMs)',
    replace: 'slowed',
    tests: FOLLOWED,
  },
  {
    name: 'a tool that must be called as a task is called without',
    file: 'src/downstream/tasks/task.ts',
    find: "return support === 'required' || (support",
    replace: "return (support === 'required' && isWelcome) || (support",
    tests: LEGACY,
  },
  {
    name: 'a tool’s error completes a task of 2025-11-25',
    file: 'src/mcp/tasks/legacy.ts',
    find: "isError === true ? 'failed' : status",
    replace: "isError === undefined ? 'failed' : status",
    tests: LEGACY,
  },
  {
    name: 'a client listens for tasks of others',
    file: 'src/mcp/tasks/status-stream.ts',
    find: 'if (found !== undefined) known.add(taskId);',
    replace: 'known.add(taskId);',
    tests: LISTENING,
  },
  {
    name: 'a client that did not declare tasks listens for them',
    file: 'src/mcp/tasks/status-stream.ts',
    find: 'if (!declaresTasks(capabilities)) {',
    replace: 'if (!declaresTasks(capabilities) && taskIds.length === 0) {',
    tests: LISTENING,
  },
];
