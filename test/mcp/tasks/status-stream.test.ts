import { expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { listenToTasks, type StatusStreamDeps } from '../../../src/mcp/tasks/status-stream.ts';
import { TASKS } from './support/task-client.ts';

const BODY: JsonObject = {
  jsonrpc: '2.0',
  id: 'listen',
  method: 'subscriptions/listen',
  params: {
    notifications: { taskIds: ['job_1'] },
    _meta: { 'io.modelcontextprotocol/clientCapabilities': { extensions: { [TASKS]: {} } } },
  },
};
const ACKNOWLEDGED = `event: message\ndata: ${JSON.stringify({
  jsonrpc: '2.0',
  method: 'notifications/subscriptions/acknowledged',
  params: { notifications: {} },
})}\n\n`;

/** A task that never ends, and a stream of its changes that nobody reads yet. */
async function listen(input: { signal: AbortSignal; whileLooking?: () => void }) {
  const state = { looks: 0, changed: undefined as (() => void) | undefined };
  const job = () => ({
    id: 'job_1',
    sessionId: 'ses_a',
    source: 'call',
    state: 'working',
    createdAt: 0,
    updatedAt: 0,
    progress: { progress: state.looks, message: `step ${state.looks}` },
  });
  const deps = {
    getApproval: async () => undefined,
    jobs: {
      find: async () => {
        state.looks++;
        input.whileLooking?.();
        return job();
      },
      onChange(_id: string, run: () => void) {
        state.changed = run;
        return () => {
          state.changed = undefined;
        };
      },
    },
    now: () => 0,
    log: { error: () => undefined },
  } as unknown as StatusStreamDeps;
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode(ACKNOWLEDGED)),
  });
  const given = { session: { id: 'ses_a' } as never, body: BODY, signal: input.signal };
  const response = await listenToTasks(deps, given, async () => new Response(source, { status: 200 }));
  return { state, response };
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

test('a client that does not read is told of the newest state when it reads on, and nothing piles up for it', async () => {
  const gone = new AbortController();
  const { state, response } = await listen({ signal: gone.signal });
  await turns(10);
  for (let change = 0; change < 1_000; change++) {
    state.changed?.();
    if (change % 10 === 0) await turns(1);
  }
  await turns(10);
  expect(state.looks).toBeLessThan(10);
  const pieces: string[] = [];
  const read = response.body
    ?.pipeThrough(new TextDecoderStream())
    .pipeTo(new WritableStream({ write: (piece) => void pieces.push(piece) }));
  await turns(100);
  expect(pieces.join('')).toContain(`step ${state.looks}`);
  expect(state.looks).toBeLessThan(10);
  gone.abort();
  await read;
});

test('a client that leaves while its tasks are looked up leaves nothing behind', async () => {
  const gone = new AbortController();
  const { state } = await listen({ signal: gone.signal, whileLooking: () => gone.abort() });
  await turns(10);
  expect(state.changed).toBeUndefined();
});
