import type { ChangeSignal } from '../approvals/wait.ts';
import type { Clock } from '../core/clock.ts';
import { commitment } from '../core/digest.ts';
import { CountersignError } from '../core/errors.ts';
import type { NewId, RandomBytes } from '../core/ids.ts';
import { LIMITS } from '../core/limits.ts';
import { sealText } from '../core/seal.ts';
import type { Change, Ledger } from '../ledger/ledger.ts';
import { noteCancel, requestJobCancel } from './cancelling/store.ts';
import { type FindDeps, findJob, getJob, resultContext } from './find.ts';
import { isEnded, type Job, plainText, readProgress } from './job.ts';
import { jobEntry } from './job-entry.ts';
import { createLiveJobs } from './live.ts';
import type { EndedJob, Jobs, Resumers } from './ports.ts';
import {
  insertJob,
  jobFromRow,
  moveJob,
  type StoredJob,
  saveProgress,
  selectOpenJobs,
  settleJob,
} from './store.ts';
import { waitForJob } from './wait.ts';

const SALT_BYTES = 32;
const CUT_OFF = 'The gateway stopped while this call was under way. It was sent or not; nothing is retried.';
const NOBODY = 'Nobody can follow this work any more, so what became of it is not known.';

export interface TrackDeps extends FindDeps {
  readonly ledger: Ledger;
  readonly now: Clock;
  readonly newId: NewId;
  readonly random: RandomBytes;
  /** How long an ended job is kept, milliseconds. */
  readonly keepMs: number;
  readonly signal: ChangeSignal;
  /** Withdraws an approval that is pending; throws `conflict` when it is not any more. */
  readonly withdraw: (input: { approvalId: string; by: string }) => Promise<unknown>;
  readonly report: (error: unknown) => void;
}

/** Jobs as their owner holds them. */
export interface Tracker extends Jobs {
  /** Wakes whoever waits for this job, such as when its approval has changed. */
  changed(id: string): void;
  /** The work of an approval is done here: nothing more comes of it. */
  release(id: string): void;
  /** Saves the newest progress. Never rejects. */
  flush(): Promise<void>;
  /** Settles or goes on with what was under way when the gateway stopped. */
  resume(resumers: Resumers): Promise<void>;
}

function ended(job: Pick<Job, 'id' | 'state'>): CountersignError {
  return new CountersignError(
    'conflict',
    `${job.id} has ended already: it is ${job.state}. Nothing was changed.`,
  );
}

export function createJobs(deps: TrackDeps): Tracker {
  const { database, ledger, now, workspace } = deps;
  const live = createLiveJobs();
  const watchers = new Set<(id: string) => void>();

  function changed(id: string): void {
    deps.signal.changed(id);
    for (const watcher of [...watchers]) watcher(id);
  }

  function withProgress(job: StoredJob): Job {
    const newest = isEnded(job.state) ? undefined : live.progressOf(job.id);
    return newest === undefined ? job : { ...job, progress: newest };
  }

  const read = async (id: string): Promise<Job> => withProgress(await getJob(deps, id));

  const create: Jobs['create'] = async (input) => {
    const id = deps.newId('job');
    const { session, source, server, tool, callId, approvalId } = input;
    const about = { id, sessionId: session.id, subject: session.subject, server, tool, callId, approvalId };
    const created = await ledger.commit({
      guard: insertJob({ ...input, id, workspace, at: now(), maxOpen: LIMITS.jobsPerSession }),
      entries: [
        jobEntry(about, { type: 'job.created', principal: `session:${session.id}`, body: { source } }),
      ],
    });
    if (created.kind === 'refused') {
      throw new CountersignError(
        'rate_limited',
        `This session already has ${LIMITS.jobsPerSession} jobs under way. Wait for some of them to end first.`,
      );
    }
    changed(id);
    return read(id);
  };

  const move: Jobs['move'] = async (id, to) => {
    const applied = await ledger.commit({ guard: moveJob({ id, to, at: now() }), entries: [] });
    const job = await read(id);
    if (applied.kind === 'applied') changed(id);
    else if (isEnded(job.state)) throw ended(job);
    return job;
  };

  async function settleStored(job: StoredJob, end: EndedJob): Promise<Job> {
    const { id } = job;
    const salt = deps.random(SALT_BYTES);
    const saltText = Buffer.from(salt).toString('hex');
    const { result, state } = end;
    const reason = end.reason === undefined ? undefined : plainText(end.reason, LIMITS.reasonCharacters);
    const sealed = result && sealText(deps, { context: resultContext(id), text: result.text });
    const body = {
      state,
      ...(result && { result: commitment(salt, result.text), bytes: Buffer.byteLength(result.text) }),
      ...(reason === undefined ? {} : { reason }),
    };
    const { cancelRequestedBy } = (await findJob(deps, id)) ?? job;
    const principal = state === 'cancelled' ? cancelRequestedBy : undefined;
    const change = (): Change => {
      const at = now();
      return {
        guard: settleJob({
          id,
          state,
          progress: live.progressOf(id),
          resultKind: result?.kind,
          sealed: sealed?.toString('base64'),
          salt: saltText,
          reason,
          at,
          keepUntil: at + deps.keepMs,
        }),
        entries: [...(end.entries ?? []), jobEntry(job, { type: 'job.ended', principal, body })],
      };
    };
    // A COMMIT whose fate was not reported is tried once more: the condition lets only one of the two through.
    const settled = await ledger.commit(change()).catch(() => ledger.commit(change()));
    const present = await getJob(deps, id);
    if (settled.kind === 'refused' && present.resultSalt !== saltText) throw ended(present);
    live.forget(id);
    changed(id);
    return present;
  }

  const settle: Jobs['settle'] = async (id, end) => {
    const job = await getJob(deps, id);
    if (job.source === 'approval')
      throw new CountersignError('conflict', `${id} is the work of an approval and ends with it.`);
    if (isEnded(job.state)) throw ended(job);
    return settleStored(job, end);
  };

  const requestCancel: Jobs['requestCancel'] = async (id, by) => {
    const job = await getJob(deps, id);
    if (isEnded(job.state)) throw ended(job);
    if (job.state === 'waiting' && job.approvalId !== undefined && by !== undefined)
      await deps.withdraw({ approvalId: job.approvalId, by });
    else if (job.source === 'approval') live.cancel(id);
    else {
      const applied = await ledger.commit({ guard: requestJobCancel({ id, by, at: now() }), entries: [] });
      if (applied.kind === 'applied') {
        live.cancel(id);
        changed(id);
      }
    }
    return read(id);
  };

  async function resume(resumers: Resumers): Promise<void> {
    for (const row of await database.query(selectOpenJobs())) {
      const job = jobFromRow(row);
      const run = job.source === 'task' || job.source === 'poll' ? resumers[job.source] : undefined;
      if (run === undefined) {
        await settleStored(job, { state: 'unknown', reason: job.source === 'call' ? CUT_OFF : NOBODY });
        continue;
      }
      if (job.progress !== undefined) live.progressed(job.id, job.progress);
      const isRevoked = job.source === 'task' && Number(row.session_revoked) === 1;
      if (isRevoked) await requestCancel(job.id, undefined).catch(deps.report);
      if (isRevoked || job.cancelRequestedAt !== undefined) live.cancel(job.id);
      run(job);
    }
  }

  return {
    create,
    move,
    settle,
    requestCancel,
    async cancelHeard(id, standing) {
      const noted = await ledger.commit({ guard: noteCancel({ id, standing, at: now() }), entries: [] });
      if (noted.kind === 'applied') changed(id);
    },
    resume,
    changed,
    progressed(id, told) {
      const progress = readProgress(told);
      if (progress !== undefined && live.progressed(id, progress)) changed(id);
    },
    get: read,
    async find(id) {
      const job = await findJob(deps, id);
      return job && withProgress(job);
    },
    wait: (input) => waitForJob({ now, signal: deps.signal, read }, input),
    onCancel: live.onCancel,
    onChange: deps.signal.subscribe,
    onAnyChange(run) {
      watchers.add(run);
      return () => watchers.delete(run);
    },
    release: live.forget,
    async flush() {
      const saves = live.takeUnsaved().map((saved) => {
        const guard = saveProgress({ ...saved, at: now() });
        return ledger.commit({ guard, entries: [], later: true });
      });
      for (const saved of await Promise.allSettled(saves))
        if (saved.status === 'rejected') deps.report(saved.reason);
    },
  };
}
