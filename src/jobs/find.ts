import { CountersignError } from '../core/errors.ts';
import { openText } from '../core/seal.ts';
import type { Reader } from '../storage/database.ts';
import { approvalIdOf, type Job } from './job.ts';
import {
  type JobFilter,
  jobFromRow,
  type StoredJob,
  selectApprovalJob,
  selectJob,
  selectJobs,
} from './store.ts';

export interface FindDeps {
  readonly database: Reader;
  readonly workspace: string;
  readonly now: () => number;
  /** 32 bytes that seal results. */
  readonly key: Uint8Array;
}

/** What a sealed result is bound to, so that it does not open in another row. */
export function resultContext(jobId: string): string {
  return `countersign/job-result/v1 ${jobId}`;
}

export function unknownJob(id: string): CountersignError {
  return new CountersignError(
    'not_found',
    `There is no job ${id.slice(0, 100)}. List jobs to see which exist; ended ones are kept for a time only.`,
  );
}

/** A job of either kind with its result, as it is stored; undefined when this workspace has none by that id. */
export async function findJob(deps: FindDeps, id: string): Promise<StoredJob | undefined> {
  const { database, workspace, now } = deps;
  if (!/^job_[0-9A-Za-z]{1,64}$/.test(id)) return undefined;
  const [kept] = await database.query(selectJob({ id, workspace }));
  if (kept === undefined) {
    const approvalId = approvalIdOf(id);
    const [held] = await database.query(selectApprovalJob({ approvalId, workspace, now: now() }));
    return held === undefined ? undefined : jobFromRow(held);
  }
  const job = jobFromRow(kept);
  if (job.sealedResult === undefined) return job;
  const sealed = Buffer.from(job.sealedResult, 'base64');
  const text = openText(deps.key, { context: resultContext(id), sealed });
  if (text === undefined) return job;
  return { ...job, result: { kind: String(kept.result_kind) as NonNullable<Job['result']>['kind'], text } };
}

/** Throws `not_found`. */
export async function getJob(deps: FindDeps, id: string): Promise<StoredJob> {
  const job = await findJob(deps, id);
  if (job === undefined) throw unknownJob(id);
  return job;
}

/** Jobs newest first, without results, at most `filter.limit`. */
export async function listJobs(
  deps: Pick<FindDeps, 'database' | 'workspace' | 'now'>,
  filter: Omit<JobFilter, 'workspace' | 'now'>,
): Promise<StoredJob[]> {
  const { workspace, now } = deps;
  return (await deps.database.query(selectJobs({ ...filter, workspace, now: now() }))).map(jobFromRow);
}
