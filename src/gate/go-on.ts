import { LIMITS } from '../core/limits.ts';
import type { CatalogTool, FinalOutcome } from '../downstream/catalog.ts';
import type { ServerTask } from '../downstream/tasks/task.ts';
import type { Job } from '../jobs/job.ts';
import type { NewJob } from '../jobs/ports.ts';
import type { EntryRef } from '../ledger/entry.ts';
import type { Verdict } from '../policy/verdict.ts';
import type { GateCall, GateDeps } from './call.ts';

/** What a call is when it becomes a job. */
export function jobOfCall(input: {
  call: GateCall;
  tool: CatalogTool;
  verdict: Verdict;
  ref: EntryRef;
}): Omit<NewJob, 'source' | 'remoteId'> {
  const { call, tool, verdict, ref } = input;
  return {
    session: { id: call.session.id, subject: call.session.subject },
    server: tool.server,
    tool: tool.tool,
    exposed: tool.exposed,
    callId: ref.call,
    redact: verdict.redact,
    retainMs: verdict.retainMs,
  };
}

/**
 * Goes on with a call that its server answered with a task: a job where the caller takes one, otherwise the end of the
 * task, waited for as long as the call may take.
 */
export async function goOn(
  deps: Pick<GateDeps, 'tasks' | 'report'>,
  input: {
    call: GateCall;
    task: ServerTask;
    job: Omit<NewJob, 'source' | 'remoteId'>;
    ref: EntryRef;
  },
): Promise<{ readonly kind: 'job'; readonly job: Job } | FinalOutcome> {
  const { call, task, job, ref } = input;
  if (call.longWork?.claim() === true) {
    try {
      return { kind: 'job', job: await deps.tasks.takeOver({ ref, task, job, signal: call.signal }) };
    } catch (error) {
      // What cannot be written down is not handed over: the caller waits for it.
      deps.report(error);
    }
  }
  const timeoutMs = LIMITS.downstreamCallTimeoutMs;
  return deps.tasks.waitFor({ server: job.server, task, timeoutMs, signal: call.signal });
}
