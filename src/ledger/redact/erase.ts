import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Reader } from '../../storage/database.ts';
import type { EntryDraft } from '../entry.ts';
import type { Ledger } from '../ledger.ts';
import { erasePayloads, selectDuePayloads, selectPayloads } from './store.ts';

export interface EraseDeps {
  readonly database: Reader;
  readonly ledger: Ledger;
  readonly workspace: string;
}

/** Why something is erased, and who brought it about. */
export interface Erasure {
  readonly reason: 'requested' | 'retention';
  /** `api_key:key_…`, or `gateway:sweep`. */
  readonly principal: string;
  /** The subject of whom everything is erased. */
  readonly subject?: string | undefined;
}

const ROUNDS = 8;

/** The fact that these payloads, approvals or capabilities can no longer be read. */
export function redactedEntry(
  ids: readonly string[],
  { reason, principal, subject }: Erasure,
  about: EntryDraft['ref'] = {},
): EntryDraft {
  const whose = subject === undefined ? {} : { subject };
  return {
    type: 'payload.redacted',
    ref: { ...about, ...whose, principal },
    body: { ids: [...ids], reason, ...whose },
  };
}

/**
 * Erases those of these payloads that are still there, with their salts, and says so on the ledger in the same
 * transaction. Returns which they were. At most `LIMITS.redactionBatch` ids.
 */
export async function eraseSidecars(
  deps: EraseDeps,
  ids: readonly string[],
  erasure: Erasure,
): Promise<string[]> {
  const { workspace } = deps;
  for (let round = 0; round < ROUNDS; round += 1) {
    if (ids.length === 0) return [];
    const rows = await deps.database.query(selectPayloads({ workspace, ids }));
    const present = rows.map((row) => String(row.id));
    if (present.length === 0) return [];
    const about = present.length === 1 && present[0]?.startsWith('req_') ? { call: present[0] } : {};
    const applied = await deps.ledger.commit({
      guard: erasePayloads({ workspace, ids: present }),
      entries: [redactedEntry(present, erasure, about)],
      erases: true,
    });
    if (applied.kind === 'applied') return present;
  }
  throw new CountersignError('conflict', 'Payloads kept changing while they were erased. Try again.');
}

/** Erases one batch of payloads whose retention has ended. Returns how many. */
export async function eraseDueSidecars(deps: EraseDeps, now: number): Promise<number> {
  const due = await deps.database.query(selectDuePayloads({ now, limit: LIMITS.redactionBatch }));
  const ids = due.map((row) => String(row.id));
  return (await eraseSidecars(deps, ids, { reason: 'retention', principal: 'gateway:sweep' })).length;
}
