import type { Approval } from '../../approvals/approval.ts';
import { CountersignError, isCountersignError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { LIMITS } from '../../core/limits.ts';
import type { ServerTask } from '../../downstream/tasks/task.ts';
import type { GateDeps } from '../../gate/call.ts';
import { heard, recordAsked } from '../../gate/converse.ts';
import { type Questioned, question } from '../../gate/question.ts';
import { approvalIdOf, isEnded, type Job } from '../../jobs/job.ts';
import type { Jobs } from '../../jobs/ports.ts';
import { type McpRequest, objectParam, textParam } from '../request.ts';
import type { ServerIdentity } from '../result.ts';
import { type ClientTask, detailedText, type TaskContext, taskOfApproval, taskOfJob } from './task.ts';

export interface TaskDeps {
  readonly gate: GateDeps;
  readonly jobs: Jobs;
  readonly getApproval: (id: string) => Promise<Approval | undefined>;
  readonly publicOrigin: string;
  readonly identity: ServerIdentity;
  readonly now: () => number;
}

/** What a task stands for: a held call, or other work. */
type Work =
  | { readonly kind: 'approval'; readonly approval: Approval }
  | { readonly kind: 'job'; readonly job: Job };

export function taskContext(deps: TaskDeps, { era }: Pick<McpRequest, 'era'>): TaskContext {
  return { publicOrigin: deps.publicOrigin, identity: deps.identity, now: deps.now(), era };
}

/** The work of this session. That of another does not exist here: throws `not_found`, as for an id that was never given. */
async function workOf(deps: TaskDeps, session: { id: string }, taskId: string): Promise<Work> {
  const approval = await deps.getApproval(approvalIdOf(taskId));
  if (approval?.sessionId === session.id && approval.call.kind === 'tool')
    return { kind: 'approval', approval };
  const job = await deps.jobs.find(taskId);
  if (job?.sessionId === session.id && job.source !== 'approval') return { kind: 'job', job };
  throw new CountersignError('not_found', `This session has no task ${taskId.slice(0, 64)}.`);
}

/** Those of a server's open questions that this client may be asked, by the server's keys, with its name in front. */
function openQuestions(
  deps: TaskDeps,
  request: Asker,
  { job: { server }, told }: { job: Job; told: ServerTask },
): Map<string, Extract<Questioned, { kind: 'relayed' }>> {
  const { gate, publicOrigin } = deps;
  const rules = {
    server,
    relays: gate.downstreams.relays(server),
    declared: request.clientCapabilities,
    publicOrigin,
  };
  const open = new Map<string, Extract<Questioned, { kind: 'relayed' }>>();
  for (const [key, one] of Object.entries(told.inputRequests ?? {})) {
    if (!isJsonObject(one) || typeof one.method !== 'string') continue;
    const params = isJsonObject(one.params) ? one.params : {};
    const judged = question({ method: one.method, params }, rules);
    if (judged.kind === 'relayed') open.set(key, judged);
    else
      gate.warn({ server, method: one.method, reason: judged.reason }, 'a question of a server was refused');
  }
  return open;
}

export type Asker = Pick<McpRequest, 'session' | 'era' | 'clientCapabilities'>;

/** A task as it stands now; work that a server goes on with is asked for. Throws `not_found`. */
export async function lookAtTask(deps: TaskDeps, request: Asker, taskId: string): Promise<ClientTask> {
  const work = await workOf(deps, request.session, taskId);
  const context = taskContext(deps, request);
  if (work.kind === 'approval') return taskOfApproval(work.approval, context);
  const { job } = work;
  if (job.source !== 'task' || isEnded(job.state)) return taskOfJob(job, context);
  const told = await deps.gate.tasks.look(job.id);
  if (told?.status === 'working') return taskOfJob(job, context, { told });
  if (told?.status === 'input_required') {
    const open = openQuestions(deps, request, { job, told });
    const questions = Object.fromEntries([...open].map(([key, one]) => [key, { ...one.request }]));
    return taskOfJob(job, context, { told, questions });
  }
  // The server is done, which is about to be recorded.
  const latest = await deps.jobs.wait({ id: job.id, timeoutMs: LIMITS.taskSettleMs });
  return taskOfJob(latest, context);
}

function taskIdOf({ params }: McpRequest): string {
  return textParam(params, 'taskId', 'the id of a task');
}

/** `tasks/get`: the text of its result. Throws `not_found`. */
export async function getTask(deps: TaskDeps, request: McpRequest): Promise<string> {
  return detailedText(await lookAtTask(deps, request, taskIdOf(request)));
}

/**
 * `tasks/update`: hands answers to the server that asked, those alone whose question was open and could be relayed. What
 * kind of answer each is, is recorded first. It decides nothing about an approval. Throws `not_found`.
 */
export async function updateTask(deps: TaskDeps, request: McpRequest): Promise<string> {
  const work = await workOf(deps, request.session, taskIdOf(request));
  const given = objectParam(request.params, 'inputResponses');
  if (work.kind === 'job' && work.job.source === 'task' && !isEnded(work.job.state))
    await passAnswers(deps, request, { job: work.job, given });
  return '{}';
}

async function passAnswers(
  deps: TaskDeps,
  request: McpRequest,
  { job, given }: { job: Job; given: JsonObject },
): Promise<void> {
  const told = await deps.gate.tasks.look(job.id);
  if (told?.status !== 'input_required') return;
  const { server } = job;
  const answers: JsonObject = {};
  const recorded = [];
  for (const [key, { relay }] of openQuestions(deps, request, { job, told })) {
    const result = given[key];
    if (!isJsonObject(result)) continue;
    const { answer, kind } = heard(relay, { result });
    recorded.push({ server, relay, answer: kind });
    if ('result' in answer) answers[key] = answer.result;
  }
  if (recorded.length === 0) return;
  const { id: session, subject } = request.session;
  const action = `${server}/${job.tool}`;
  const ref = { session, subject, action, ...(job.callId === undefined ? {} : { call: job.callId }) };
  await recordAsked(deps.gate, ref, recorded);
  if (Object.keys(answers).length > 0) await deps.gate.tasks.answer(job.id, answers);
}

/**
 * `tasks/cancel`: asks for an end. A call that still waits for a person is withdrawn, and any other may run to its end
 * all the same. Throws `not_found`; of what has ended it changes nothing.
 */
export async function cancelTask(deps: TaskDeps, request: McpRequest): Promise<string> {
  const { session } = request;
  const taskId = taskIdOf(request);
  await workOf(deps, session, taskId);
  try {
    await deps.jobs.requestCancel(taskId, `session:${session.id}`);
  } catch (error) {
    const isOver = isCountersignError(error) && error.code === 'conflict';
    if (!isOver) throw error;
  }
  return '{}';
}
