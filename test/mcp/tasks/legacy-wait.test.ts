import { expect, test } from 'vitest';
import { LIMITS } from '../../../src/core/limits.ts';
import { type LegacyTaskDeps, legacyTaskResult } from '../../../src/mcp/tasks/legacy.ts';

/** What is waited for between two looks at a task whose server wishes to be asked every `pollIntervalMs`. */
async function pausesOf(pollIntervalMs: number): Promise<number[]> {
  const pauses: number[] = [];
  const stopping = new AbortController();
  const job = { id: 'job_1', sessionId: 'ses_a', source: 'task', state: 'working', server: 'works' };
  const deps = {
    now: () => 0,
    stopping: stopping.signal,
    getApproval: async () => undefined,
    jobs: {
      find: async () => job,
      wait: async ({ timeoutMs }: { timeoutMs: number }) => {
        pauses.push(timeoutMs);
        if (pauses.length === 2) stopping.abort();
        return job;
      },
    },
    gate: { tasks: { look: async () => ({ status: 'working', pollIntervalMs }) } },
  } as unknown as LegacyTaskDeps;
  await legacyTaskResult(deps, {
    session: { id: 'ses_a' },
    era: 'legacy',
    method: 'tasks/result',
    params: { taskId: 'job_1' },
    clientCapabilities: {},
  } as never);
  return pauses;
}

test('a request for the result of a task looks neither more nor less often than a server may be asked', async () => {
  expect(await pausesOf(0)).toEqual([LIMITS.taskPollMinMs, LIMITS.taskPollMinMs]);
  expect(await pausesOf(1e12)).toEqual([LIMITS.taskPollMaxMs, LIMITS.taskPollMaxMs]);
  expect(await pausesOf(5_000)).toEqual([5_000, 5_000]);
});
