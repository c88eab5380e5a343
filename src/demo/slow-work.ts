import { setTimeout as pause } from 'node:timers/promises';
import type { ServerContext } from '@modelcontextprotocol/server';

/** Goes through the steps of slow work, telling of each when the caller asked for progress; ends early when cancelled. */
export async function work(
  context: ServerContext,
  input: { steps: readonly string[]; stepMs: number },
): Promise<void> {
  const { steps, stepMs } = input;
  const { signal, _meta, notify } = context.mcpReq;
  const progressToken = _meta?.progressToken;
  for (const [index, message] of steps.entries()) {
    if (progressToken !== undefined) {
      const params = { progressToken, progress: index, total: steps.length, message };
      await notify({ method: 'notifications/progress', params });
    }
    await pause(stepMs, undefined, { signal });
  }
}
