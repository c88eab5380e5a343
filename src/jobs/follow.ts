import type { Entry } from '../ledger/entry.ts';
import { isEnded, type Job, type JobState, jobIdOf, jobStateOf } from './job.ts';

/** Something that happened to a job. */
export interface JobEvent {
  readonly event: 'created' | 'updated' | 'ended' | 'progress';
  /** Of the entry that says so; undefined for what the ledger does not hold: progress, and a wish for input. */
  readonly seq: number | undefined;
  /** Epoch milliseconds. */
  readonly at: number;
  /** What it became then. */
  readonly state: JobState;
  /** As it is now. */
  readonly job: Job;
}

export interface FollowDeps {
  /** Entries after a sequence, in order, without end. */
  readonly entries: AsyncIterable<Entry>;
  readonly find: (id: string) => Promise<Job | undefined>;
  readonly onAnyChange: (run: (id: string) => void) => () => void;
  readonly now: () => number;
  readonly wanted: (job: Job) => boolean;
}

interface Fact {
  readonly id: string;
  readonly event: JobEvent['event'];
  readonly state: JobState;
}

const APPROVAL_FACTS: Readonly<Partial<Record<Entry['type'], Parameters<typeof jobStateOf>[0]>>> = {
  'approval.requested': 'pending',
  'approval.approved': 'approved',
  'approval.denied': 'denied',
  'approval.expired': 'expired',
  'approval.cancelled': 'cancelled',
  'approval.void': 'void',
};

function approvalStateOf({ type, body }: Entry): Parameters<typeof jobStateOf>[0] | undefined {
  if (type === 'approval.outcome' || type === 'approval.resolved')
    return body.state as 'succeeded' | 'failed' | 'unknown';
  return APPROVAL_FACTS[type];
}

/** What an entry says about a job; undefined when that is nothing. */
export function factOf(entry: Entry): Fact | undefined {
  const { type, body, ref } = entry;
  if (type === 'job.created') return { id: String(body.job), event: 'created', state: 'working' };
  if (type === 'job.ended') return { id: String(body.job), event: 'ended', state: body.state as JobState };
  const approval = approvalStateOf(entry);
  if (approval === undefined || ref.approval === undefined) return undefined;
  const state = jobStateOf(approval);
  const event = approval === 'pending' ? 'created' : isEnded(state) ? 'ended' : 'updated';
  return { id: jobIdOf(ref.approval), event, state };
}

/**
 * What happens to jobs, from the ledger in its order and without gaps, and between that the newest progress of whatever
 * moves. Facts about jobs that are kept no longer are left out. A slow reader holds no more than one progress of each.
 */
export async function* followJobs(deps: FollowDeps): AsyncGenerator<JobEvent, void, undefined> {
  const moved = new Set<string>();
  let wake: () => void = () => undefined;
  const off = deps.onAnyChange((id) => {
    moved.add(id);
    wake();
  });
  const entries = deps.entries[Symbol.asyncIterator]();
  function step(): Promise<IteratorResult<Entry, undefined>> {
    const next = entries.next();
    // It is awaited later, or not at all when the reader leaves first.
    next.catch(() => undefined);
    return next;
  }
  try {
    let next = step();
    for (;;) {
      const woken = new Promise<'woken'>((resolve) => {
        wake = () => resolve('woken');
      });
      const first = moved.size > 0 ? 'woken' : await Promise.race([next, woken]);
      if (first === 'woken') {
        for (const id of [...moved]) {
          moved.delete(id);
          const job = await deps.find(id);
          if (job === undefined || isEnded(job.state) || !deps.wanted(job)) continue;
          const event = job.progress === undefined ? 'updated' : 'progress';
          if (event === 'progress' || job.state === 'input_required')
            yield { event, seq: undefined, at: deps.now(), state: job.state, job };
        }
        continue;
      }
      if (first.done === true) return;
      next = step();
      const fact = factOf(first.value);
      const job = fact && (await deps.find(fact.id));
      if (fact === undefined || job === undefined || !deps.wanted(job)) continue;
      const { event, state } = fact;
      yield { event, seq: first.value.seq, at: first.value.ts, state, job };
    }
  } finally {
    off();
    // A step under way ends by the signal alone, so it is not waited for.
    void entries.return?.();
  }
}
