import type { PlantedBug } from './bug.ts';

const SEND = ['test/gate/send.test.ts'];
const DROPPED = ['test/mcp/dropped.test.ts'];
const LEASE = ['test/approvals/lease.test.ts'];
const REVOKED = ['test/gate/revoked-tasks.test.ts'];
const FOLLOWED = ['test/gate/follow-task.test.ts'];
const POLL = ['test/jobs/poll.test.ts'];
const NOTICES = ['test/mcp/exact-notices.test.ts'];
const EXACT = ['test/core/exact-json.test.ts'];
const THREAD = ['test/ledger/thread.test.ts'];
const PARALLEL = ['test/gate/parallel-intent.test.ts'];
const HEADERS = ['test/mcp/transport.test.ts'];

/** Defects of what must hold when something breaks off: sending, dropping, revoking, following, and what servers say. */
export const ROBUSTNESS_BUGS: readonly PlantedBug[] = [
  {
    name: 'a connection that breaks in the gateway is told as a call that was not sent',
    file: 'src/gate/forward.ts',
    find: '    return BROKE_OFF;\n',
    replace: "    return { kind: 'not_sent', code: 'downstream_unavailable', reason: 'it failed' };\n",
    tests: SEND,
  },
  {
    name: 'what breaks after a call was sent is told as a refusal',
    file: 'src/gate/forward.ts',
    find: '    return toGateOutcome(ready.tool, BROKE_OFF);\n',
    replace: '    throw error;\n',
    tests: SEND,
  },
  {
    name: 'a legacy client that drops its response gets room while its call runs on',
    file: 'src/mcp/open-requests.ts',
    find: '      parts = 2;\n',
    replace: '      parts = 1;\n',
    tests: DROPPED,
  },
  {
    name: 'streams that closed before they were counted hold their place',
    file: 'src/mcp/open-requests.ts',
    find: 'response.closed || load.streams.size',
    replace: 'load.streams.size',
    tests: ['test/mcp/open-requests.test.ts'],
  },
  {
    name: 'a cancel whose answer did not come is told as not delivered, and never told again',
    file: 'src/jobs/poll.ts',
    find: "    await jobs.cancelHeard(job.id, isRefused ? 'refused' : 'delivered').catch(deps.report);\n",
    replace:
      "    if (answer.kind !== 'silent')\n      await jobs.cancelHeard(job.id, isRefused ? 'refused' : 'delivered').catch(deps.report);\n",
    tests: POLL,
  },
  {
    name: 'of two calls that bear one id only the later is cancelled with its session',
    file: 'src/mcp/legacy.ts',
    find: '    inFlight.set(controller, JSON.stringify(id));\n',
    replace:
      '    for (const [one, key] of inFlight) if (key === JSON.stringify(id)) inFlight.delete(one);\n    inFlight.set(controller, JSON.stringify(id));\n',
    tests: DROPPED,
  },
  {
    name: 'a session without room cannot cancel what takes it',
    file: 'src/mcp/open-requests.ts',
    find: 'if (load.underWay >= most + spare) return undefined;',
    replace: 'if (load.underWay >= most) return undefined;',
    tests: DROPPED,
  },
  {
    name: 'calls take the room that is left for what ends them',
    file: 'src/mcp/serve.ts',
    find: 'if (slot.isSpare && isJsonObject(body)',
    replace: 'if (slot.isSpare && !isJsonObject(body)',
    tests: DROPPED,
  },
  {
    name: 'streams take the room that is left for what ends calls',
    file: 'src/mcp/serve.ts',
    find: "else if (method === 'GET' && slot.isSpare) refuseBusy(response);\n",
    replace: '',
    tests: DROPPED,
  },
  {
    name: 'a 2026-07-28 request whose body names nothing passes the validation of its headers',
    file: 'src/mcp/name-header.ts',
    find: "if (member === undefined || typeof named === 'string') return undefined;",
    replace: "if (member === undefined || typeof named !== 'number') return undefined;",
    tests: HEADERS,
  },
  {
    name: 'what names a resource is looked for in another member',
    file: 'src/mcp/name-header.ts',
    find: "['resources/read', 'uri']",
    replace: "['resources/read', 'name']",
    tests: HEADERS,
  },
  {
    name: 'the lease of a call that is followed ends all the same',
    file: 'src/approvals/runner.ts',
    find: 'LIMITS.replayLeaseMs / LEASE_PARTS) continue;',
    replace: 'Number.POSITIVE_INFINITY) continue;',
    tests: LEASE,
  },
  {
    name: 'the lease of every call is written with every sweep',
    file: 'src/approvals/runner.ts',
    find: 'LIMITS.replayLeaseMs / LEASE_PARTS) continue;',
    replace: '0) continue;',
    tests: LEASE,
  },
  {
    name: 'a sweep looks for what was cut off before the leases are kept',
    file: 'src/app/sweeps.ts',
    find: 'replays.keep().then(() => reapOrphans(deps, { all: false })),',
    replace: 'reapOrphans(deps, { all: false }).then(() => replays.keep()),',
    tests: LEASE,
  },
  {
    name: 'a start follows the task of a session that was revoked',
    file: 'src/jobs/track.ts',
    find: 'Number(row.session_revoked) === 1',
    replace: 'Number(row.session_revoked) === 2',
    tests: REVOKED,
  },
  {
    name: 'a session that is revoked while its task is written down leaves the task running',
    file: 'src/gate/follow-tasks.ts',
    find: 'if (job.sessionId !== undefined && !deps.mayStillAct(job.sessionId)) void cancelForSession(job.id);',
    replace: '',
    tests: REVOKED,
  },
  {
    name: 'that a session took its task along is forgotten in a restart',
    file: 'src/gate/follow-tasks.ts',
    find: '      await jobs.requestCancel(jobId, undefined);\n',
    replace: '      await followed.get(jobId)?.cancel();\n',
    tests: REVOKED,
  },
  {
    name: 'a revocation that cannot be written down does not reach the server',
    file: 'src/gate/follow-tasks.ts',
    find: '      report(error);\n      await followed.get(jobId)?.cancel();\n',
    replace: '      report(error);\n',
    tests: REVOKED,
  },
  {
    name: 'the outcome of a task and the end of its job are two facts',
    file: 'src/jobs/track.ts',
    find: 'entries: [...(end.entries ?? []), jobEntry(',
    replace: 'entries: [jobEntry(',
    tests: REVOKED,
  },
  {
    name: 'any error of a server counts as its word on a cancellation',
    file: 'src/gate/follow-task.ts',
    find: "outcome.kind === 'error' && CANNOT_CANCEL.has((JSON.parse(outcome.raw) as JsonObject).code);",
    replace: "outcome.kind === 'error';",
    tests: FOLLOWED,
  },
  {
    name: 'nobody is told how a cancellation stands',
    file: 'src/gate/follow-task.ts',
    find: '    input.onCancelHeard?.(standing);\n',
    replace: '',
    tests: FOLLOWED,
  },
  {
    name: 'work that a tool began is not told again to stop when its server was not reached',
    file: 'src/jobs/poll.ts',
    find: 'cancel.told = await tellToCancel(',
    replace: 'cancel.told = true;\n          await tellToCancel(',
    tests: POLL,
  },
  {
    name: 'a tool that stops work is called again although it may have run',
    file: 'src/jobs/poll.ts',
    find: "if (answer.kind === 'silent' && answer.unsent) return false;",
    replace: "if (answer.kind === 'silent') return false;",
    tests: POLL,
  },
  {
    name: 'what a person gave stays in force after a crash in their removal',
    file: 'src/sessions/oauth/store.ts',
    find: 'person.removed_at IS NOT NULL AND session.revoked_at IS NULL',
    replace: 'person.removed_at < 0 AND session.revoked_at IS NULL',
    tests: ['test/sessions/oauth/end-removed.test.ts'],
  },
  {
    name: 'progress and log messages lose digits',
    file: 'src/downstream/message.ts',
    find: 'const exact = parseExact(text);',
    replace: 'const exact = JSON.parse(text) as JsonValue;',
    tests: NOTICES,
  },
  {
    name: 'a server ends the gateway by what it nests',
    file: 'src/downstream/message.ts',
    find: '  if (isDeeperThan(text, LIMITS.noticeDepth)) return GARBAGE;\n',
    replace: '',
    tests: NOTICES,
  },
  {
    name: 'progress is compared by doubles',
    file: 'src/core/exact-json.ts',
    find: 'return BigInt(one) > BigInt(other);',
    replace: 'return Number(one) > Number(other);',
    tests: NOTICES,
  },
  {
    name: 'an object that a server wrote counts as a number',
    file: 'src/core/exact-json.ts',
    find: 'return EXACT.isRawJSON(value) ?',
    replace: "return typeof value === 'object' && value !== null && 'rawJSON' in value ?",
    tests: EXACT,
  },
  {
    name: 'calls go on leaving beside writes that fail',
    file: 'src/gate/forward.ts',
    find: ' && ledger.isWritable()',
    replace: '',
    tests: PARALLEL,
  },
  {
    name: 'a session with a cap does not wait for its intent',
    file: 'src/gate/forward.ts',
    find: ' && call.session.callCap === undefined',
    replace: '',
    tests: PARALLEL,
  },
  {
    name: 'an answer is given although the intent beside it could not be written',
    file: 'src/gate/forward.ts',
    find: '  if (ready.intent !== undefined && !(await ready.intent)) return unrecorded(tool);\n',
    replace: '',
    tests: PARALLEL,
  },
  {
    name: 'one rule for parallel intents outweighs another against them',
    file: 'src/policy/combine.ts',
    find: "readOnly && flagOf(enforced, 'parallelIntent')",
    replace: 'readOnly && enforced.some(({ rule }) => rule.parallelIntent === true)',
    tests: PARALLEL,
  },
  {
    name: 'changes that come while the thread is busy are never handed to it',
    file: 'src/ledger/thread/open-thread.ts',
    find: '        if (due) scheduleFlush();\n',
    replace: '',
    tests: THREAD,
  },
  {
    name: 'the ledger passes for writable after a commit that failed',
    file: 'src/ledger/thread/open-thread.ts',
    find: "          writable = 'applied' in result;\n",
    replace: '',
    tests: THREAD,
  },
];
