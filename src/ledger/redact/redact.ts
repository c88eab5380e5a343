import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { type EraseDeps, type Erasure, eraseSidecars } from './erase.ts';
import { selectSubjectEntries } from './store.ts';

/** What became of approvals or jobs that were to be erased. */
export interface ErasedItems {
  /** By id; with an approval its capability. */
  readonly erased: readonly string[];
  /** Still under way, so left as they are. */
  readonly open: readonly string[];
  /** Erased by an earlier redaction. */
  readonly already: readonly string[];
}

export interface RedactDeps extends EraseDeps {
  /** Erases call, view, result and token of those that are settled. */
  readonly eraseApprovals: (ids: readonly string[], erasure: Erasure) => Promise<ErasedItems>;
  /** Erases result and progress of those that have ended. The job of an approval is erased with the approval. */
  readonly eraseJobs: (ids: readonly string[], erasure: Erasure) => Promise<ErasedItems>;
}

/** What one step of a redaction did. */
export interface Redaction {
  readonly redacted: readonly string[];
  /** Approvals and jobs that are still under way: wait or cancel, and redact again. */
  readonly open: readonly string[];
  /** Where the next step goes on; undefined when there is nothing more. */
  readonly next: number | undefined;
}

async function redactItem(deps: RedactDeps, id: string, erasure: Erasure): Promise<readonly string[]> {
  const isJob = id.startsWith('job_');
  const erase = isJob ? deps.eraseJobs : deps.eraseApprovals;
  const { erased, open, already } = await erase([id], erasure);
  if (open.length > 0) {
    throw new CountersignError(
      'conflict',
      `${id} is still under way. Wait until it is settled or cancel it, and redact it then.`,
    );
  }
  if (erased.length > 0 || already.length > 0) return erased;
  const problem = isJob
    ? `There is no job ${id} with a result of its own. The job of an approval is erased with it: redact the apr_… instead.`
    : `There is no approval ${id}. List approvals to see which exist.`;
  throw new CountersignError('not_found', problem);
}

/**
 * Erases one payload: the arguments of a live call (`req_…`), the token of a capability (`cap_…`), everything of a
 * settled approval (`apr_…`), or the result of an ended job (`job_…`). The entries stay, and every proof with them.
 * Throws `not_found`, `conflict` for what is under way, `invalid_request` for another kind of id.
 */
export async function redactOne(
  deps: RedactDeps,
  { id, principal }: { id: string; principal: string },
): Promise<Redaction> {
  const erasure: Erasure = { reason: 'requested', principal };
  if (/^(?:apr|job)_/.test(id))
    return { redacted: await redactItem(deps, id, erasure), open: [], next: undefined };
  if (!/^(?:req|cap)_/.test(id)) {
    const expected = 'the id of a call (req_…), an approval (apr_…), a job (job_…) or a capability (cap_…)';
    throw new CountersignError('invalid_request', `id: expected ${expected}`, {
      fields: [{ field: 'id', expected }],
    });
  }
  const redacted = await eraseSidecars(deps, [id], erasure);
  if (redacted.length > 0) return { redacted, open: [], next: undefined };
  throw new CountersignError(
    'not_found',
    `Nothing is kept under ${id}: there is no such call or token, or it was erased already.`,
  );
}

/** The job that an entry says was made. */
function jobOf(entryText: string): string {
  return String((JSON.parse(entryText) as { body: { job?: unknown } }).body.job);
}

/**
 * Erases what is kept of a subject, one bounded step after another: the entries about it are read in their order, and
 * `after` is where the step before ended. Repeating a step erases nothing twice. Throws `not_found` when no entry at
 * all is about the subject.
 */
export async function redactSubject(
  deps: RedactDeps,
  { subject, principal, after = -1 }: { subject: string; principal: string; after?: number | undefined },
): Promise<Redaction> {
  const limit = LIMITS.redactionBatch;
  const rows = await deps.database.query(selectSubjectEntries({ subject, after, limit }));
  if (rows.length === 0 && after < 0)
    throw new CountersignError(
      'not_found',
      `No entry of the ledger is about the subject ${subject.slice(0, 200)}.`,
    );
  const erasure: Erasure = { reason: 'requested', principal, subject };
  const idsOf = (type: string, column: 'call' | 'approval'): string[] => [
    ...new Set(rows.flatMap((row) => (row.type === type && row[column] != null ? String(row[column]) : []))),
  ];
  const sidecars = await eraseSidecars(deps, idsOf('call.intent', 'call'), erasure);
  const approvals = await deps.eraseApprovals(idsOf('approval.requested', 'approval'), erasure);
  const jobIds = rows.flatMap((row) => (row.job_entry == null ? [] : [jobOf(String(row.job_entry))]));
  const jobs = await deps.eraseJobs([...new Set(jobIds)], erasure);
  const last = rows.length === limit ? rows[rows.length - 1] : undefined;
  return {
    redacted: [...sidecars, ...approvals.erased, ...jobs.erased],
    open: [...approvals.open, ...jobs.open],
    next: last === undefined ? undefined : Number(last.seq),
  };
}
