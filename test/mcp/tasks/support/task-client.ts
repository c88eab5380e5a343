import type { McpAccess } from '../../../support/agents.ts';
import { type MoreOfRequest, modernWire, type Wire, type WireReply } from '../../support/wire.ts';

export const TASKS = 'io.modelcontextprotocol/tasks';
export const DISPOSITION = 'io.modelcontextprotocol/tool-approval-disposition';
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';

/** What a client says of itself that takes tasks, and more. */
export function declaring(more: object = {}): object {
  return { [CAPABILITIES]: { ...more, extensions: { [TASKS]: {} } } };
}

/** A client of 2026-07-28 that declares tasks with every request. */
export interface TaskClient {
  readonly wire: Wire;
  request(method: string, params: object, more?: MoreOfRequest): Promise<WireReply>;
  /** The result of a call, whatever it is. */
  call(name: string, args?: object): Promise<any>;
  get(taskId: string): Promise<any>;
  /** The task once it has a status that is none of these. */
  until(taskId: string, isThere: (task: any) => boolean): Promise<any>;
  /** The task once it is over. */
  end(taskId: string): Promise<any>;
}

export function isOver({ status }: { status: string }): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

export function taskClient(access: McpAccess, capabilities: object = {}): TaskClient {
  const wire = modernWire(access);
  const request: TaskClient['request'] = (method, params, more = {}) =>
    wire.request(method, params, { meta: declaring(capabilities), ...more });
  const get: TaskClient['get'] = async (taskId) => (await request('tasks/get', { taskId })).message.result;

  async function until(taskId: string, isThere: (task: any) => boolean): Promise<any> {
    for (;;) {
      const task = await get(taskId);
      if (isThere(task)) return task;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  return {
    wire,
    request,
    get,
    until,
    call: async (name, args = {}) => (await request('tools/call', { name, arguments: args })).message.result,
    end: (taskId) => until(taskId, isOver),
  };
}
