import type { McpReply, McpRequest } from '../request.ts';
import { modernResult } from '../result.ts';
import { cancelTask, getTask, type TaskDeps, updateTask } from './answer.ts';
import { declaresTasks, TASKS_NOT_DECLARED } from './extension.ts';
import { cancelLegacyTask, getLegacyTask, type LegacyTaskDeps, legacyTaskResult } from './legacy.ts';

type Handler = (deps: LegacyTaskDeps, request: McpRequest) => Promise<McpReply>;

/** A method of the extension, for clients that declared it with this request. */
function declared(answer: (deps: TaskDeps, request: McpRequest) => Promise<string>): Handler {
  return async (deps, request) => {
    if (!declaresTasks(request.clientCapabilities)) return { kind: 'error', error: TASKS_NOT_DECLARED };
    return { kind: 'result', raw: modernResult(await answer(deps, request), deps.identity) };
  };
}

/** The methods about tasks in each era. `tasks/list` is in none: ids are told to those who may know them. */
export const TASK_METHODS: Readonly<Record<McpRequest['era'], ReadonlyMap<string, Handler>>> = {
  modern: new Map([
    ['tasks/get', declared(getTask)],
    ['tasks/update', declared(updateTask)],
    ['tasks/cancel', declared(cancelTask)],
  ]),
  legacy: new Map([
    ['tasks/get', getLegacyTask],
    ['tasks/result', legacyTaskResult],
    ['tasks/cancel', cancelLegacyTask],
  ]),
};
