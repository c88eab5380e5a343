import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { TASKS_EXTENSION } from '../../downstream/tasks/task.ts';
import type { RpcError } from '../request.ts';

const TOOL_APPROVAL = 'io.modelcontextprotocol/tool-approval';

/** How the outcome of an approved or refused call is told beside its result (draft SEP-2848, Execution disposition). */
export const DISPOSITION = 'io.modelcontextprotocol/tool-approval-disposition';

/** The extensions that are announced to clients of 2026-07-28 (SEP-2663; the open draft SEP-2848). */
export const TASK_EXTENSIONS: JsonObject = { [TASKS_EXTENSION]: {}, [TOOL_APPROVAL]: {} };

const MISSING_CAPABILITY = -32021;

/** Whether a client takes a task in place of a result. What counts is what it declared with this very request. */
export function declaresTasks(clientCapabilities: JsonObject): boolean {
  const { extensions } = clientCapabilities;
  return isJsonObject(extensions) && isJsonObject(extensions[TASKS_EXTENSION]);
}

/** The error for a client that uses tasks without having declared them (2026-07-28, Missing Required Client Capability). */
export const TASKS_NOT_DECLARED: RpcError = {
  code: MISSING_CAPABILITY,
  message: `Missing required client capability: declare the extension ${TASKS_EXTENSION} in the request’s capabilities`,
  data: { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
  httpStatus: 400,
};
