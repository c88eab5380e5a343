import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { DownstreamOutcome } from '../../src/downstream/catalog.ts';
import type { ServerTask } from '../../src/downstream/tasks/task.ts';
import { createServerTasks, type FollowTasksDeps } from '../../src/gate/follow-tasks.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const TASK: ServerTask = {
  taskId: 'remote',
  status: 'working',
  statusMessage: undefined,
  pollIntervalMs: 1_000,
  inputRequests: undefined,
  resultText: undefined,
  errorText: undefined,
};

/** A server whose task ends as `ends` when it is asked to cancel it, and jobs that take a while to write down. */
function stage(ends: object) {
  const asked: string[] = [];
  const state = { told: { status: 'working' } as object };
  const written = Promise.withResolvers<void>();
  const request = async ({ method }: { method: string }): Promise<DownstreamOutcome> => {
    asked.push(method);
    if (method === 'tasks/cancel') state.told = ends;
    return { kind: 'result', raw: JSON.stringify({ taskId: 'remote', ...state.told }), isError: false };
  };
  const settled: string[] = [];
  const tasks = createServerTasks({
    downstreams: { request, catalog: () => ({ servers: [{ name: 'works', era: 'modern' }] }) },
    jobs: {
      create: async () => {
        await written.promise;
        const about = { server: 'works', tool: 'build', subject: 'user:a' };
        return { ...about, id: 'job_1', state: 'working', createdAt: 0 };
      },
      settle: async (_id: string, { state: end }: { state: string }) => settled.push(end),
      onCancel: () => () => undefined,
      cancelHeard: async () => undefined,
    },
    mayStillAct: () => true,
    report: () => undefined,
    now: () => 0,
  } as unknown as FollowTasksDeps);
  return { asked, tasks, written, settled };
}

test('a task whose call was cancelled while its job was written down is cancelled at its server', async () => {
  const { asked, tasks, written, settled } = stage({ status: 'cancelled' });
  const caller = new AbortController();
  const taken = tasks.takeOver({ task: TASK, signal: caller.signal } as never);
  caller.abort();
  written.resolve();
  await taken;
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toContain('tasks/cancel');
  expect(settled).toEqual(['cancelled']);
  await tasks.close();
});

test('a caller that leaves once the job is written down ends nothing', async () => {
  const { asked, tasks, written } = stage({ status: 'cancelled' });
  const caller = new AbortController();
  written.resolve();
  await tasks.takeOver({ task: TASK, signal: caller.signal } as never);
  caller.abort();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).not.toContain('tasks/cancel');
  await tasks.close();
});

test('a task that was done before it could be cancelled has the outcome that its server tells', async () => {
  const { tasks } = stage({ status: 'completed', result: { content: [] } });
  const outcome = tasks.waitFor({ server: 'works', task: TASK, timeoutMs: 1_500 });
  await vi.advanceTimersByTimeAsync(1_500);
  expect(await outcome).toEqual({ kind: 'result', raw: '{"content":[]}', isError: false });
});

test('a task that its server cancels after too long a wait is told by the wait', async () => {
  const { tasks } = stage({ status: 'cancelled' });
  const outcome = tasks.waitFor({ server: 'works', task: TASK, timeoutMs: 1_500 });
  await vi.advanceTimersByTimeAsync(1_500);
  expect(await outcome).toEqual({ kind: 'unknown', reason: 'the server was not done within 1500 ms' });
});
