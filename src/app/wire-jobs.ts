import type { Approval } from '../approvals/approval.ts';
import { cancelApproval } from '../approvals/settle-by-hand.ts';
import { createChangeSignal } from '../approvals/wait.ts';
import { type ErrorCode, errorText, isCountersignError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { FinalOutcome } from '../downstream/catalog.ts';
import type { AnsweredTool, GateDeps, GateOutcome } from '../gate/call.ts';
import { callForJob } from '../gate/call-for-job.ts';
import type { FindDeps } from '../jobs/find.ts';
import { type Job, jobIdOf } from '../jobs/job.ts';
import { createPoller, type PollAnswer } from '../jobs/poll.ts';
import type { ResumeJob } from '../jobs/ports.ts';
import { createJobs, type Tracker } from '../jobs/track.ts';
import { systemSchedule } from '../ledger/schedule.ts';
import type { SessionDirectory } from '../sessions/directory.ts';
import { deriveKey } from './derive-key.ts';
import type { State } from './open-state.ts';

/** How a dispatch is watched and ended. */
interface Watched {
  readonly onProgress: (told: JsonObject) => void;
  readonly signal: AbortSignal;
}

export interface JobWiring {
  readonly jobs: Tracker;
  /** What jobs are read with. */
  readonly find: FindDeps;
  /** Runs the dispatch of an approval as the work of its job. */
  asJob(approval: Approval, send: (watched: Watched) => Promise<FinalOutcome>): Promise<FinalOutcome>;
  /** Only where config maps tools that begin work. */
  readonly onAnswer: GateDeps['onAnswer'];
  /** Goes on with what a stop has interrupted; `task` follows a server's own tasks. */
  resume(task?: ResumeJob): Promise<void>;
  /** Asks nobody any more. Saves what is known of progress. */
  close(): Promise<void>;
}

/** What will not change by asking again. */
const LASTING: ReadonlySet<ErrorCode> = new Set(['not_found', 'denied_by_policy', 'tool_quarantined']);

function answerOf(outcome: GateOutcome): PollAnswer {
  switch (outcome.kind) {
    case 'result': {
      const { isError } = JSON.parse(outcome.raw) as JsonObject;
      return { kind: 'result', raw: outcome.raw, isError: isError === true };
    }
    case 'error':
      return { kind: 'silent', reason: 'the server refused to say.', unsent: false };
    case 'refused': {
      const { code, message: reason } = outcome;
      if (LASTING.has(code)) return { kind: 'refused', reason };
      return { kind: 'silent', reason, unsent: code !== 'outcome_unknown' };
    }
    default:
      return { kind: 'refused', reason: 'The server wants a person before it says how the work stands.' };
  }
}

/** The jobs of this gateway, and what it follows by asking. `gate` is asked for only when something is sent. */
export function wireJobs(
  state: State,
  input: { sessions: SessionDirectory; gate: () => GateDeps; onChanged: (approvalId: string) => void },
): JobWiring {
  const { database, ledger, now, newId, random, workspace, log, config } = state;
  const { sessions } = input;
  const find = { database, workspace, now, key: deriveKey(state.dataKey, 'countersign/job-result/v1') };
  const report = (err: unknown): void => log.error({ err }, 'a job could not be kept up to date');
  const byHand = { database, workspace, ledger, now, onChanged: input.onChanged };
  const jobs = createJobs({
    ...find,
    ledger,
    newId,
    random,
    keepMs: config.jobKeepMs,
    signal: createChangeSignal(),
    withdraw: ({ approvalId, by }) => cancelApproval(byHand, { id: approvalId, by, reason: 'Withdrawn.' }),
    report,
  });

  async function ask({ sessionId, server }: Job, tool: string, args: JsonObject): Promise<PollAnswer> {
    const session = sessionId === undefined ? undefined : await sessions.get(sessionId);
    if (session === undefined) return { kind: 'refused', reason: 'Its session is gone.' };
    try {
      return answerOf(await callForJob(input.gate(), { session, server, tool, args }));
    } catch (error) {
      const lasts = isCountersignError(error) && LASTING.has(error.code);
      const reason = errorText(error);
      // A call throws only before it is sent.
      return lasts ? { kind: 'refused', reason } : { kind: 'silent', reason, unsent: true };
    }
  }

  const pairs = config.jobPairs;
  const poller = createPoller({ jobs, pairs, ask, schedule: systemSchedule, now, report });

  return {
    jobs,
    find,
    async asJob(approval, send) {
      const { sessionId, subject, call, verdict } = approval;
      const id = jobIdOf(approval.id);
      const stop = new AbortController();
      const off = jobs.onCancel(id, () => stop.abort());
      try {
        const outcome = await send({ onProgress: (told) => jobs.progressed(id, told), signal: stop.signal });
        if (outcome.kind === 'result' && !outcome.isError && sessionId !== undefined) {
          await poller.begun({
            session: { id: sessionId, subject },
            server: call.server,
            tool: call.tool,
            exposed: approval.exposed,
            approvalId: approval.id,
            redact: verdict.redact,
            retainMs: verdict.retainMs,
            raw: outcome.raw,
          });
        }
        return outcome;
      } finally {
        off();
        jobs.release(id);
      }
    },
    onAnswer:
      pairs.length === 0
        ? undefined
        : async ({ call, tool, verdict, id, outcome }: AnsweredTool) => {
            if (outcome.isError) return;
            await poller.begun({
              session: call.session,
              server: tool.server,
              tool: tool.tool,
              exposed: tool.exposed,
              callId: id,
              redact: verdict.redact,
              retainMs: verdict.retainMs,
              raw: outcome.raw,
            });
          },
    resume: (task) => jobs.resume({ poll: poller.follow, task }),
    async close() {
      poller.close();
      await jobs.flush();
    },
  };
}
