import type { Clock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Reader } from '../storage/database.ts';
import type { Session } from './session.ts';
import { selectSession, sessionFromRow } from './store.ts';
import { revokeBelow, revokeRoot, selectLiveBelow } from './tree/store.ts';

export interface RevokeDeps {
  readonly database: Reader;
  readonly ledger: Ledger;
  readonly now: Clock;
  /** Refuses these sessions from now on and closes what they hold open. Called before anything is written. */
  readonly shut: (ids: readonly string[]) => void;
}

const ROUNDS = 16;

async function load(deps: RevokeDeps, id: string): Promise<Session & { readonly calls: number }> {
  const row = (await deps.database.query(selectSession(id)))[0];
  if (row !== undefined) return sessionFromRow(row);
  throw new CountersignError('not_found', `There is no session ${id}. List sessions to see which exist.`);
}

/**
 * Revokes a session and all that were narrowed from it, in one transaction with one entry that names them. A session
 * that is revoked already stays as it is. Throws `not_found`; `invalid_request` for a reason that cannot be stored.
 */
export async function revokeTree(
  deps: RevokeDeps,
  { id, by, reason }: { id: string; by: string; reason: string },
): Promise<Session & { readonly calls: number }> {
  if (reason.includes('\0') || !reason.isWellFormed())
    throw new CountersignError('invalid_request', 'reason: expected text without NUL');
  const { subject } = await load(deps, id);
  // Memory first: when the write fails, a session that somebody wanted revoked stays shut in this process.
  deps.shut([id]);
  for (let round = 0; round < ROUNDS; round += 1) {
    const at = deps.now();
    const below = (await deps.database.query(selectLiveBelow(id, at))).map((row) => String(row.id));
    deps.shut(below);
    const applied = await deps.ledger.commit({
      guard: revokeRoot({ id, at, reason, liveBelow: below }),
      then: below.length === 0 ? [] : [revokeBelow({ id, at, reason })],
      entries: [
        {
          type: 'session.revoked',
          ref: { session: id, subject, principal: by },
          body: { reason, ...(below.length === 0 ? {} : { descendants: below }) },
        },
      ],
    });
    const session = await load(deps, id);
    if (applied.kind === 'applied' || session.revokedAt !== undefined) return session;
  }
  throw new CountersignError('conflict', `Sessions below ${id} kept changing. Revoke it again.`);
}
