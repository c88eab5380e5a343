import { InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import { startV1Server } from '../../../support/downstreams/sdk-v1-server.ts';

/** A server of the v1 SDK with experimental tasks, and what was called on it as a task. */
export interface V1TaskServer {
  readonly url: string;
  /** Ends the newest task that is open. */
  finish(text: string, isError?: boolean): Promise<void>;
  readonly cancelled: string[];
}

const INPUT = { what: z.string() };

/** `build` may be called as a task, `render` must be, `plain` cannot be. */
export async function startV1TaskServer(): Promise<V1TaskServer> {
  const open: { end: (text: string, isError: boolean) => Promise<void> }[] = [];
  const cancelled: string[] = [];
  const taskStore = new InMemoryTaskStore();
  const update = taskStore.updateTaskStatus.bind(taskStore);
  taskStore.updateTaskStatus = async (taskId, status, ...rest) => {
    if (status === 'cancelled') cancelled.push(taskId);
    return update(taskId, status, ...rest);
  };

  function create(): McpServer {
    const server = new McpServer(
      { name: 'v1-tasks', version: '1.0.0' },
      { capabilities: { tasks: { cancel: {}, list: {}, requests: { tools: { call: {} } } } }, taskStore },
    );
    server.registerTool('plain', { inputSchema: INPUT }, ({ what }) => ({
      content: [{ type: 'text', text: what }],
    }));
    for (const [name, taskSupport] of [
      ['build', 'optional'],
      ['render', 'required'],
    ] as const) {
      server.experimental.tasks.registerToolTask(
        name,
        { inputSchema: INPUT, execution: { taskSupport } },
        {
          async createTask({ what }, { taskStore: store }) {
            const task = await store.createTask({ ttl: 600_000, pollInterval: 20 });
            const end = (text: string, isError: boolean) =>
              store.storeTaskResult(task.taskId, isError ? 'failed' : 'completed', {
                content: [{ type: 'text', text: `${what}: ${text}` }],
                ...(isError ? { isError } : {}),
              });
            if (what === 'at once') await end('done', false);
            else open.push({ end });
            return { task };
          },
          getTask: (_args, { taskId, taskStore: store }) => store.getTask(taskId),
          getTaskResult: async (_args, { taskId, taskStore: store }) =>
            (await store.getTaskResult(taskId)) as { content: [] },
        },
      );
    }
    return server;
  }

  const { url } = await startV1Server(create);
  return {
    url,
    cancelled,
    async finish(text, isError = false) {
      await open.pop()?.end(text, isError);
    },
  };
}
