import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Session } from '../../sessions/session.ts';
import { withMetaMember } from '../result.ts';
import { lookAtTask, type TaskDeps } from './answer.ts';
import { declaresTasks, TASKS_NOT_DECLARED } from './extension.ts';
import { type ClientTask, detailedText } from './task.ts';

export interface StatusStreamDeps extends TaskDeps {
  readonly log: { error(fields: object, message: string): void };
}

const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
const DATA = /^data: ([^\n]*)$/m;

function isOver({ status }: ClientTask): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

function frame(json: string): string {
  return `event: message\ndata: ${json}\n\n`;
}

function messageOf(text: string): JsonObject | undefined {
  const data = DATA.exec(text)?.[1];
  if (data === undefined) return undefined;
  const message: unknown = JSON.parse(data);
  return isJsonObject(message as JsonObject) ? (message as JsonObject) : undefined;
}

/** What a `subscriptions/listen` asks for, and the same without the tasks. */
function split(body: JsonObject): {
  taskIds: readonly string[];
  others: JsonObject;
  capabilities: JsonObject;
} {
  const params = isJsonObject(body.params) ? body.params : {};
  const wanted = isJsonObject(params.notifications) ? params.notifications : {};
  const meta = isJsonObject(params._meta) ? params._meta : {};
  const { taskIds, ...rest } = wanted;
  const asked = Array.isArray(taskIds) ? taskIds.filter((one) => typeof one === 'string') : [];
  return {
    taskIds: [...new Set(asked)].slice(0, LIMITS.tasksPerSubscription),
    others: { ...body, params: { ...params, notifications: rest } },
    capabilities: isJsonObject(meta[CAPABILITIES]) ? meta[CAPABILITIES] : {},
  };
}

/**
 * Answers `subscriptions/listen` where it asks to be told of tasks (SEP-2663, Task Status Notifications): each change as
 * the whole task, from how it stands now to its end. Only this session's tasks are acknowledged. Everything else that is
 * listened for, and every error, is what `rest` answers to the same request without the tasks.
 */
export async function listenToTasks(
  deps: StatusStreamDeps,
  { session, body, signal }: { session: Session; body: JsonObject; signal: AbortSignal },
  rest: (body: JsonObject) => Promise<Response>,
): Promise<Response> {
  const { taskIds, others, capabilities } = split(body);
  if (taskIds.length === 0) return rest(body);
  const response = await rest(others);
  const source = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (response.status !== 200 || source === undefined) return response;
  if (!declaresTasks(capabilities)) {
    await source.cancel();
    const { httpStatus: status, ...error } = TASKS_NOT_DECLARED;
    return Response.json({ jsonrpc: '2.0', id: body.id ?? null, error }, { status });
  }
  const asker = { session, era: 'modern', clientCapabilities: capabilities } as const;
  const known = new Set<string>();
  for (const taskId of taskIds) {
    const found = await lookAtTask(deps, asker, taskId).catch(() => undefined);
    if (found !== undefined) known.add(taskId);
  }

  const open = new Map<string, () => void>();
  const said = new Map<string, string>();
  /** Tasks of which a change is to be told: once each, however often they change until the client has read on. */
  const waiting = new Set<string>();
  const output = new TransformStream<string, string>();
  const writer = output.writable.getWriter();
  const write = (text: string): void => void writer.write(text).catch(stop);
  let last: string | undefined;
  let onlyTasks = false;
  let queue = Promise.resolve();

  function stop(): void {
    for (const end of open.values()) end();
    open.clear();
    source?.cancel().catch(() => undefined);
    writer.close().catch(() => undefined);
  }

  async function tell(taskId: string): Promise<void> {
    if (!open.has(taskId)) return;
    const task = await lookAtTask(deps, asker, taskId);
    const text = withMetaMember(detailedText(task), { key: SUBSCRIPTION, value: body.id });
    if (said.get(taskId) !== text)
      write(frame(`{"jsonrpc":"2.0","method":"notifications/tasks","params":${text}}`));
    said.set(taskId, text);
    if (!isOver(task)) return;
    open.get(taskId)?.();
    open.delete(taskId);
    if (open.size > 0 || last === undefined) return;
    write(last);
    stop();
  }

  /** Tells of one change after the other, so that none overtakes another, and no faster than they are read. */
  function changed(taskId: string): void {
    if (waiting.has(taskId)) return;
    waiting.add(taskId);
    queue = queue
      .then(() => writer.ready)
      .then(() => {
        waiting.delete(taskId);
        return tell(taskId);
      })
      .catch((err: unknown) => deps.log.error({ err }, 'a client could not be told of a task'));
  }

  function pass(text: string): void {
    const message = messageOf(text);
    if (message?.method === ACKNOWLEDGED && isJsonObject(message.params)) {
      const { params } = message;
      const notifications = isJsonObject(params.notifications) ? params.notifications : {};
      onlyTasks = Object.keys(notifications).length === 0;
      const honoured = { ...params, notifications: { ...notifications, taskIds: [...known] } };
      write(frame(JSON.stringify({ ...message, params: honoured })));
      for (const taskId of known) {
        open.set(
          taskId,
          deps.jobs.onChange(taskId, () => changed(taskId)),
        );
        changed(taskId);
      }
      // Where nothing but tasks is listened for, the other side ends at once: its last word is kept until theirs.
    } else if (message?.result !== undefined && onlyTasks && open.size > 0) last = text;
    else write(text);
  }

  async function pump(reader: NonNullable<typeof source>): Promise<void> {
    let held = '';
    for (;;) {
      const { done, value = '' } = await reader.read();
      held += value;
      for (let end = held.indexOf('\n\n'); end >= 0; end = held.indexOf('\n\n')) {
        pass(held.slice(0, end + 2));
        held = held.slice(end + 2);
      }
      if (done) break;
    }
    if (!onlyTasks || open.size === 0) stop();
  }

  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  pump(source).catch(stop);
  const { headers } = response;
  return new Response(output.readable.pipeThrough(new TextEncoderStream()), { status: 200, headers });
}
