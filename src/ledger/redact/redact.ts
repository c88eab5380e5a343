import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { type EraseDeps, type Erasure, eraseSidecars } from './erase.ts';
import { selectSubjectEntries } from './store.ts';

/** What became of approvals that were to be erased. */
export interface ErasedApprovals {
  /** Approvals and their capabilities, by id. */
  readonly erased: readonly string[];
  /** Still under way, so left as they are. */
  readonly open: readonly string[];
  /** Erased by an earlier redaction. */
  readonly already: readonly string[];
}

export interface RedactDeps extends EraseDeps {
  /** Erases call, view, result and token of those that are settled. */
  readonly eraseApprovals: (ids: readonly string[], erasure: Erasure) => Promise<ErasedApprovals>;
}

/** What one step of a redaction did. */
export interface Redaction {
  readonly redacted: readonly string[];
  /** Approvals that are still under way: wait or cancel, and redact again. */
  readonly open: readonly string[];
  /** Where the next step goes on; undefined when there is nothing more. */
  readonly next: number | undefined;
}

async function redactApproval(deps: RedactDeps, id: string, erasure: Erasure): Promise<readonly string[]> {
  const { erased, open, already } = await deps.eraseApprovals([id], erasure);
  if (open.length > 0) {
    throw new CountersignError(
      'conflict',
      `${id} is still under way. Wait until it is settled or cancel it, and redact it then.`,
    );
  }
  if (erased.length > 0 || already.length > 0) return erased;
  throw new CountersignError('not_found', `There is no approval ${id}. List approvals to see which exist.`);
}

/**
 * Erases one payload: the arguments of a live call (`req_…`), the token of a capability (`cap_…`), or everything of a
 * settled approval (`apr_…`). The entries stay, and every proof with them. Throws `not_found`, `conflict` for an
 * approval that is under way, `invalid_request` for another kind of id.
 */
export async function redactOne(
  deps: RedactDeps,
  { id, principal }: { id: string; principal: string },
): Promise<Redaction> {
  const erasure: Erasure = { reason: 'requested', principal };
  if (id.startsWith('apr_'))
    return { redacted: await redactApproval(deps, id, erasure), open: [], next: undefined };
  if (!/^(?:req|cap)_/.test(id)) {
    const expected = 'the id of a call (req_…), an approval (apr_…) or a capability (cap_…)';
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
  const last = rows.length === limit ? rows[rows.length - 1] : undefined;
  return {
    redacted: [...sidecars, ...approvals.erased],
    open: approvals.open,
    next: last === undefined ? undefined : Number(last.seq),
  };
}
