import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { PrincipalDeps } from '../deps.ts';
import { dropStaleChallenges, insertChallenge, type Purpose, spendChallenge } from './store.ts';

const CHALLENGE_BYTES = 32;
const OPEN_CHALLENGES_MAX = 1_000;

/** How long a browser has for a ceremony. */
export const CEREMONY_TIMEOUT_MS = 120_000;

export interface OpenChallenge {
  readonly id: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Opens a single-use challenge. Throws `rate_limited` while too many are open. */
export async function openChallenge(
  deps: PrincipalDeps,
  input: { purpose: Purpose; boundTo: string },
): Promise<OpenChallenge> {
  const createdAt = deps.now();
  const bytes = Uint8Array.from(deps.random(CHALLENGE_BYTES));
  const id = deps.newId('own');
  const applied = await deps.ledger.commit({
    guard: insertChallenge({
      id,
      workspace: deps.workspace,
      purpose: input.purpose,
      challenge: Buffer.from(bytes).toString('base64url'),
      boundTo: input.boundTo,
      createdAt,
      expiresAt: createdAt + LIMITS.statementTtlMs,
      most: OPEN_CHALLENGES_MAX,
    }),
    then: [dropStaleChallenges(createdAt)],
    entries: [],
  });
  if (applied.kind === 'applied') return { id, bytes };
  throw new CountersignError(
    'rate_limited',
    'Too many passkey ceremonies are open. Try again in a few minutes.',
  );
}

/**
 * Spends a challenge before its answer is even looked at, so that no answer gets a second try. Throws
 * `unauthenticated` when it is unknown, spent, expired or of another purpose.
 */
export async function closeChallenge(
  deps: PrincipalDeps,
  input: { id: string; purpose: Purpose },
): Promise<{ challenge: string; boundTo: string }> {
  const applied = await deps.ledger.commit({
    guard: spendChallenge({
      id: input.id,
      purpose: input.purpose,
      workspace: deps.workspace,
      now: deps.now(),
    }),
    entries: [],
  });
  const row = applied.kind === 'applied' ? applied.rows[0] : undefined;
  if (row === undefined) {
    throw new CountersignError(
      'unauthenticated',
      'This passkey challenge is used or has expired. Start again from this page.',
    );
  }
  return { challenge: String(row.challenge), boundTo: String(row.bound_to) };
}
