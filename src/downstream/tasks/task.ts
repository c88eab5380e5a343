import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { sliceMembers } from '../../core/json-slice.ts';

export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

export type TaskStatus = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';

/** A server's word on work that it goes on with (Tasks extension of 2026-07-28; experimental tasks of 2025-11-25). */
export interface ServerTask {
  /** How the server names it; opaque. */
  readonly taskId: string;
  readonly status: TaskStatus;
  readonly statusMessage: string | undefined;
  /** Milliseconds, as the server suggests. */
  readonly pollIntervalMs: number | undefined;
  /** Questions of the server that are open, by the server's own keys. */
  readonly inputRequests: JsonObject | undefined;
  /** The texts of the members `result` and `error`, byte for byte. */
  readonly resultText: string | undefined;
  readonly errorText: string | undefined;
}

const STATUSES: ReadonlySet<string> = new Set<TaskStatus>([
  'working',
  'input_required',
  'completed',
  'failed',
  'cancelled',
]);

function isStatus(value: JsonValue | undefined): value is TaskStatus {
  return typeof value === 'string' && STATUSES.has(value);
}

function duration(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function memberText(text: string, name: string): string | undefined {
  const span = sliceMembers(text)?.get(name);
  const member = span === undefined ? undefined : text.slice(span.start, span.end);
  return member?.startsWith('{') === true ? member : undefined;
}

/**
 * Reads the result of `tools/call` or `tasks/get` that speaks of a task; undefined when it does not, or not well enough
 * to go on from. In 2025-11-25 a created task stands in a member `task`, and its interval is called `pollInterval`.
 */
export function readTask(resultText: string): ServerTask | undefined {
  const result = JSON.parse(resultText) as JsonObject;
  const told = isJsonObject(result.task) ? result.task : result;
  const { taskId, status, statusMessage, inputRequests } = told;
  if (typeof taskId !== 'string' || taskId === '' || !isStatus(status)) return undefined;
  return {
    taskId,
    status,
    statusMessage: typeof statusMessage === 'string' ? statusMessage : undefined,
    pollIntervalMs: duration(told.pollIntervalMs ?? told.pollInterval),
    inputRequests: isJsonObject(inputRequests) ? inputRequests : undefined,
    resultText: memberText(resultText, 'result'),
    errorText: memberText(resultText, 'error'),
  };
}

/** The parameters of a tools/call that asks for a task (2025-11-25, Tasks); how long it is kept is left to the server. */
export function askForTask(paramsText: string): string {
  return `${paramsText.trimEnd().slice(0, -1)},"task":{}}`;
}

/**
 * Whether a call is asked for as a task of a server before 2026-07-28: always where its tool can be called in no other
 * way, and where a task is welcome and its tool has the choice.
 */
export function callAsTask(input: {
  capabilities: JsonObject;
  definition: JsonObject | undefined;
  isWelcome: boolean;
}): boolean {
  const { capabilities, definition, isWelcome } = input;
  if (definition === undefined || !takesTasks(capabilities)) return false;
  const support = taskSupport(definition);
  return support === 'required' || (support === 'optional' && isWelcome);
}

/** Whether a server's capabilities let `tools/call` be asked for as a task (2025-11-25, Tasks). */
function takesTasks(capabilities: JsonObject): boolean {
  const { tasks } = capabilities;
  if (!isJsonObject(tasks) || !isJsonObject(tasks.requests)) return false;
  const { tools } = tasks.requests;
  return isJsonObject(tools) && isJsonObject(tools.call);
}

/** What a tool's definition says of tasks (2025-11-25, `execution.taskSupport`). */
export function taskSupport(definition: JsonObject): 'forbidden' | 'optional' | 'required' {
  const { execution } = definition;
  const support = isJsonObject(execution) ? execution.taskSupport : undefined;
  return support === 'optional' || support === 'required' ? support : 'forbidden';
}
