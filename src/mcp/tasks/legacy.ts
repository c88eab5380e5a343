import { toRfc3339 } from '../../core/clock.ts';
import { CountersignError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { LIMITS } from '../../core/limits.ts';
import { scopeCovers } from '../../core/scope.ts';
import type { Catalog, CatalogTool } from '../../downstream/catalog.ts';
import { taskSupport } from '../../downstream/tasks/task.ts';
import type { GateCall, GateOutcome } from '../../gate/call.ts';
import type { Detacher } from '../../gate/detach.ts';
import { pollDelayMs } from '../../gate/follow-task.ts';
import { rpcError } from '../errors.ts';
import { type McpReply, type McpRequest, textParam } from '../request.ts';
import { withMetaMember } from '../result.ts';
import { cancelTask, lookAtTask, type TaskDeps, taskContext } from './answer.ts';
import { type ClientTask, taskOfApproval, taskOfJob } from './task.ts';

/** Experimental tasks of 2025-11-25, which the client asks for call by call. */
export interface LegacyTaskDeps extends TaskDeps {
  readonly detacher: Detacher;
  /** Aborted when the gateway stops. */
  readonly stopping: AbortSignal;
}

const RELATED = 'io.modelcontextprotocol/related-task';
const METHOD_NOT_FOUND = -32601;

/** What is announced of tasks to clients of 2025-11-25: nothing, unless some tool can be called as one. */
export function legacyTaskCapability(catalog: Catalog): JsonObject {
  const isOffered = catalog.tools.some(({ definition }) => taskSupport(definition) !== 'forbidden');
  return isOffered ? { tasks: { cancel: {}, requests: { tools: { call: {} } } } } : {};
}

/** Whether a tools/call asks to become a task. */
export function asksForTask({ era, params }: McpRequest): boolean {
  return era === 'legacy' && isJsonObject(params.task);
}

/** In 2025-11-25 a tool's own error is the failure of its task. */
function statusOf({ status, inlined }: ClientTask): string {
  if (status !== 'completed' || inlined?.name !== 'result') return status;
  return (JSON.parse(inlined.text) as JsonObject).isError === true ? 'failed' : status;
}

function membersOf(task: ClientTask): JsonObject {
  const { taskId, statusMessage, createdAt, lastUpdatedAt, ttlMs, pollIntervalMs } = task;
  return {
    taskId,
    status: statusOf(task),
    ...(statusMessage === undefined ? {} : { statusMessage }),
    createdAt: toRfc3339(createdAt),
    lastUpdatedAt: toRfc3339(Math.max(createdAt, lastUpdatedAt)),
    ttl: ttlMs,
    pollInterval: pollIntervalMs,
  };
}

function created(task: ClientTask): McpReply {
  const { meta } = task;
  const raw = JSON.stringify({ task: membersOf(task), ...(meta === undefined ? {} : { _meta: meta }) });
  return { kind: 'result', raw };
}

function isInScope({ session }: McpRequest, { server, tool: name }: CatalogTool): boolean {
  return scopeCovers(session.scope, { kind: 'tool', server, name });
}

/** Makes a call as a task. What policy denies, or was refused before it was sent, is an error: there is no task of it. */
export async function callAsLegacyTask(
  deps: LegacyTaskDeps,
  request: McpRequest,
  call: GateCall,
): Promise<McpReply> {
  const tool = deps.gate.downstreams.catalog().byExposed.get(call.name);
  // Outside the scope nothing exists, and the gate says so.
  if (tool !== undefined && isInScope(request, tool) && taskSupport(tool.definition) === 'forbidden') {
    const message = `The tool ${call.name.slice(0, 100)} cannot be called as a task.`;
    return { kind: 'error', error: { code: METHOD_NOT_FOUND, message, httpStatus: 200 } };
  }
  return replyOf(deps, request, await deps.detacher.call(call, { always: true }));
}

function replyOf(deps: LegacyTaskDeps, request: McpRequest, outcome: GateOutcome): McpReply {
  const context = taskContext(deps, request);
  switch (outcome.kind) {
    case 'held':
      return created(taskOfApproval(outcome.approval, context));
    case 'job':
      return created(taskOfJob(outcome.job, context));
    case 'denied': {
      const message = `Policy denies the call: ${outcome.reason} It did not run.`;
      return { kind: 'error', error: rpcError('denied_by_policy', message) };
    }
    case 'refused':
      return { kind: 'error', error: rpcError(outcome.code, outcome.message) };
    default: {
      const message = 'The call has run, but could not be kept as a task, and its outcome is withheld.';
      return { kind: 'error', error: rpcError('outcome_unknown', message) };
    }
  }
}

/** `tasks/get` (2025-11-25): how a task stands, without its result. Throws `not_found`. */
export async function getLegacyTask(deps: LegacyTaskDeps, request: McpRequest): Promise<McpReply> {
  return { kind: 'result', raw: JSON.stringify(membersOf(await lookAtTask(deps, request, idOf(request)))) };
}

/** `tasks/result`: what the call itself would have been answered with, once it is over. Throws `not_found`. */
export async function legacyTaskResult(deps: LegacyTaskDeps, request: McpRequest): Promise<McpReply> {
  const taskId = idOf(request);
  const { inlined, status, statusMessage } = await endOf(deps, request, taskId);
  if (inlined?.name === 'error') {
    const { code, message, data } = JSON.parse(inlined.text) as {
      code: number;
      message: string;
      data?: JsonObject;
    };
    const error = { code, message, httpStatus: 200, ...(data === undefined ? {} : { data }) };
    return { kind: 'error', error, raw: inlined.text };
  }
  if (inlined?.name === 'result')
    return { kind: 'result', raw: withMetaMember(inlined.text, { key: RELATED, value: { taskId } }) };
  const why = status === 'cancelled' ? 'cancelled' : 'conflict';
  const message = statusMessage ?? `The task is ${status}.`;
  const next = status === 'cancelled' ? '' : ' Ask again: it is not over.';
  return { kind: 'error', error: rpcError(why, `${message}${next}`) };
}

/** The task once it is over, or as it stands when the client no longer waits. */
async function endOf(deps: LegacyTaskDeps, request: McpRequest, taskId: string): Promise<ClientTask> {
  const until =
    request.signal === undefined ? deps.stopping : AbortSignal.any([request.signal, deps.stopping]);
  const deadline = deps.now() + LIMITS.taskResultTimeoutMs;
  for (;;) {
    const task = await lookAtTask(deps, request, taskId);
    const isOpen = task.status === 'working' || task.status === 'input_required';
    if (!isOpen || until.aborted || deps.now() >= deadline) return task;
    await deps.jobs.wait({ id: taskId, timeoutMs: pollDelayMs(task.pollIntervalMs, 0), abort: until });
  }
}

/** `tasks/cancel` (2025-11-25): the task after its end was asked for. Throws `invalid_request` for one that is over. */
export async function cancelLegacyTask(deps: LegacyTaskDeps, request: McpRequest): Promise<McpReply> {
  const taskId = idOf(request);
  const { status } = await lookAtTask(deps, request, taskId);
  if (status !== 'working' && status !== 'input_required')
    throw new CountersignError('invalid_request', `The task is ${status} already and cannot be cancelled.`);
  await cancelTask(deps, request);
  await deps.jobs.wait({ id: taskId, timeoutMs: LIMITS.taskSettleMs });
  return getLegacyTask(deps, request);
}

function idOf({ params }: McpRequest): string {
  return textParam(params, 'taskId', 'the id of a task');
}
