import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { DownstreamOutcome } from '../../src/downstream/catalog.ts';
import type { ServerTask } from '../../src/downstream/tasks/task.ts';
import { followTask, pollDelayMs } from '../../src/gate/follow-task.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const WORKING: ServerTask = {
  taskId: 'remote',
  status: 'working',
  statusMessage: undefined,
  pollIntervalMs: 1_000,
  inputRequests: undefined,
  resultText: undefined,
  errorText: undefined,
};
const AWAY: DownstreamOutcome = { kind: 'not_sent', code: 'downstream_unavailable', reason: 'it is away' };

function says(task: object): DownstreamOutcome {
  return { kind: 'result', raw: JSON.stringify({ taskId: 'remote', ...task }), isError: false };
}

const DONE = says({ status: 'completed', result: { content: [] } });

/** Follows a task of a server that answers `tasks/get` in this order, and then as the last time. */
function follow(
  answers: DownstreamOutcome[],
  task: ServerTask = WORKING,
  era: 'legacy' | 'modern' = 'modern',
) {
  const asked: { method: string; params: any }[] = [];
  const followed = followTask(
    async ({ method, paramsText }) => {
      asked.push({ method, params: JSON.parse(paramsText) });
      if (method !== 'tasks/get') return says({});
      return (answers.length > 1 ? answers.shift() : answers[0]) ?? AWAY;
    },
    { server: 'works', task, era: () => era },
  );
  return { asked, ...followed };
}

describe('following a task', () => {
  test('asks at the pace that the server wishes, and ends in its result', async () => {
    const { asked, ended } = follow([says({ status: 'working', pollIntervalMs: 5_000 }), DONE]);
    await vi.advanceTimersByTimeAsync(999);
    expect(asked).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await ended).toEqual({
      cancelled: false,
      outcome: { kind: 'result', raw: '{"content":[]}', isError: false },
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(2);
  });

  test('asks again, ever more slowly, while the server cannot be reached', async () => {
    const { asked, ended } = follow([AWAY, AWAY, AWAY, DONE]);
    await vi.advanceTimersByTimeAsync(1_000 + 2_000 + 4_000);
    expect(asked).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(8_000);
    expect((await ended)?.outcome.kind).toBe('result');
  });

  test('does not know the outcome of a task that its server has forgotten', async () => {
    const raw = '{"code":-32602,"message":"Unknown task"}';
    const { ended } = follow([{ kind: 'error', raw }]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await ended).toEqual({
      cancelled: false,
      outcome: { kind: 'unknown', reason: 'the server no longer knows the task' },
    });
  });

  test('believes no other error, and no answer that says nothing', async () => {
    const raw = '{"code":-32603,"message":"busy"}';
    const { ended } = follow([{ kind: 'error', raw }, says({ status: 'well' }), DONE]);
    await vi.advanceTimersByTimeAsync(1_000 + 2_000 + 4_000);
    expect((await ended)?.outcome.kind).toBe('result');
  });

  test('does not know the outcome of what is said to be over without a result', async () => {
    for (const status of ['completed', 'failed']) {
      const { ended } = follow([says({ status })]);
      await vi.advanceTimersByTimeAsync(1_000);
      expect((await ended)?.outcome.kind).toBe('unknown');
    }
  });

  test('asks at once how a task ended that was over when it was created', async () => {
    const { asked, ended } = follow([DONE], { ...WORKING, status: 'completed' });
    expect((await ended)?.outcome.kind).toBe('result');
    expect(asked).toHaveLength(1);
  });

  test('looks for whoever asks, once for all who ask at a time', async () => {
    const { asked, look, stop } = follow([says({ status: 'input_required', inputRequests: { a: {} } })]);
    const [first, second] = await Promise.all([look(), look()]);
    expect(asked).toHaveLength(1);
    expect(first).toEqual(second);
    expect(first).toMatchObject({ taskId: 'remote', status: 'input_required', inputRequests: { a: {} } });
    stop();
  });

  test('tells a cancelled task from one whose outcome is lost', async () => {
    const { asked, cancel, ended } = follow([says({ status: 'cancelled' })]);
    await cancel();
    expect(asked.map(({ method }) => method)).toEqual(['tasks/cancel', 'tasks/get']);
    expect(await ended).toMatchObject({ cancelled: true, outcome: { kind: 'unknown' } });
  });

  test('tells the server again that it is to cancel, until the server has heard it', async () => {
    const asked: string[] = [];
    const cancels = [AWAY, says({})];
    let heard = false;
    const { cancel, ended } = followTask(
      async ({ method }) => {
        asked.push(method);
        if (method === 'tasks/get') return says({ status: heard ? 'cancelled' : 'working' });
        const outcome = cancels.shift() ?? AWAY;
        heard = outcome.kind === 'result';
        return outcome;
      },
      { server: 'works', task: WORKING, era: () => 'modern' },
    );
    await cancel();
    expect(asked).toEqual(['tasks/cancel', 'tasks/get']);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toEqual(['tasks/cancel', 'tasks/get', 'tasks/cancel', 'tasks/get']);
    expect(await ended).toMatchObject({ cancelled: true });
  });

  test.each([
    ['has done so', says({}), 'delivered'],
    ['cannot', { kind: 'error', raw: '{"code":-32601,"message":"Method not found"}' }, 'refused'],
    ['knows no such task', { kind: 'error', raw: '{"code":-32602,"message":"No such task"}' }, 'refused'],
  ] as const)('says what a server that is to cancel and %s has answered', async (_, answer, standing) => {
    const heard: string[] = [];
    const { cancel, stop } = followTask(
      async ({ method }) => (method === 'tasks/cancel' ? answer : says({ status: 'working' })),
      { server: 'works', task: WORKING, era: () => 'modern', onCancelHeard: (one) => heard.push(one) },
    );
    await cancel();
    expect(heard).toEqual([standing]);
    stop();
  });

  test('takes no error of another kind, nor silence, for having heard that it is to cancel', async () => {
    const heard: string[] = [];
    const busy = { kind: 'error', raw: '{"code":-32603,"message":"busy"}' } as const;
    const cancels: DownstreamOutcome[] = [busy, { kind: 'unknown', reason: 'lost' }, says({})];
    const { cancel, stop } = followTask(
      async ({ method }) =>
        method === 'tasks/cancel' ? (cancels.shift() ?? AWAY) : says({ status: 'working' }),
      { server: 'works', task: WORKING, era: () => 'modern', onCancelHeard: (one) => heard.push(one) },
    );
    await cancel();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(heard).toEqual([]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(heard).toEqual(['delivered']);
    stop();
  });

  test('stops when it is told to, and asks nothing more', async () => {
    const { asked, ended, stop } = follow([DONE]);
    stop();
    expect(await ended).toBeUndefined();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(0);
  });

  test('never names the task as another server’s answer does', async () => {
    const forged = says({ taskId: 'another', status: 'working' });
    const { asked, look, stop } = follow([forged]);
    await look();
    await look();
    expect(asked.map(({ params }) => params.taskId)).toEqual(['remote', 'remote']);
    stop();
  });
});

test('the pace is the server’s within bounds, and doubles with each failure', () => {
  expect(pollDelayMs(undefined, 0)).toBe(2_000);
  expect(pollDelayMs(1, 0)).toBe(200);
  expect(pollDelayMs(1_000, 2)).toBe(4_000);
  expect(pollDelayMs(3_600_000, 0)).toBe(30_000);
  expect(pollDelayMs(1_000, 50)).toBe(30_000);
});
