import type { Clock } from '../../core/clock.ts';
import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { EntryDraft, EntryRef } from '../../ledger/entry.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Erasure } from '../../ledger/redact/erase.ts';
import type { ErasedItems } from '../../ledger/redact/redact.ts';
import type { Reader, Row } from '../../storage/database.ts';
import { eraseApprovals, eraseTokens, selectDueApprovals, selectErasure, selectTokens } from './store.ts';

export interface EraseApprovalsDeps {
  readonly database: Reader;
  readonly ledger: Ledger;
  readonly now: Clock;
  /** The entry that says what was erased. */
  readonly redactedEntry: (ids: readonly string[], erasure: Erasure, about?: EntryRef) => EntryDraft;
  readonly onChanged: (approvalId: string) => void;
}

const ROUNDS = 8;

const idsOf = (rows: readonly Row[]): string[] => rows.map((row) => String(row.id));

function about(rows: readonly Row[]): EntryRef {
  const [only] = rows;
  if (rows.length !== 1 || only === undefined) return {};
  return {
    approval: String(only.id),
    ...(only.session_id == null ? {} : { session: String(only.session_id) }),
    subject: String(only.subject),
  };
}

/**
 * Erases of those of these approvals that are settled what they carried: call, view, result, the salts and digests by
 * which they could be guessed, and the token that was given out; with one entry in the same transaction. Where it went,
 * who decided, and the commitments stay. At most `LIMITS.redactionBatch` ids.
 */
export async function eraseSettled(
  deps: EraseApprovalsDeps,
  ids: readonly string[],
  erasure: Erasure,
): Promise<ErasedItems> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const rows = ids.length === 0 ? [] : await deps.database.query(selectErasure(ids));
    const open = idsOf(rows.filter((row) => row.settled === 0));
    const already = idsOf(rows.filter((row) => row.erased === 1));
    const due = rows.filter((row) => row.settled === 1 && row.erased === 0);
    const approvals = idsOf(due);
    if (approvals.length === 0) return { erased: [], open, already };
    const tokens = idsOf(await deps.database.query(selectTokens(approvals)));
    const applied = await deps.ledger.commit({
      guard: eraseApprovals({ ids: approvals, at: deps.now() }),
      then: tokens.length === 0 ? [] : [eraseTokens(tokens)],
      entries: [deps.redactedEntry([...approvals, ...tokens], erasure, about(due))],
      erases: true,
    });
    if (applied.kind === 'refused') continue;
    for (const id of approvals) deps.onChanged(id);
    return { erased: [...approvals, ...tokens], open, already };
  }
  throw new CountersignError('conflict', 'Approvals kept changing while they were erased. Try again.');
}

/** Erases one batch of settled approvals whose retention has ended. Returns how many. */
export async function eraseDueApprovals(deps: EraseApprovalsDeps): Promise<number> {
  const due = selectDueApprovals({ now: deps.now(), limit: LIMITS.redactionBatch });
  const ids = idsOf(await deps.database.query(due));
  if (ids.length === 0) return 0;
  await eraseSettled(deps, ids, { reason: 'retention', principal: 'gateway:sweep' });
  return ids.length;
}
