import type { Clock } from '../core/clock.ts';
import { sha256Hex } from '../core/digest.ts';
import { CountersignError } from '../core/errors.ts';
import type { NewId, RandomBytes } from '../core/ids.ts';
import { LIMITS } from '../core/limits.ts';
import { EVERYTHING, parseScope } from '../core/scope.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { mintedBody, type Session, sessionToken } from './session.ts';
import { insertSession } from './store.ts';

export interface MintRequest {
  readonly subject?: string | undefined;
  readonly ttlMs?: number | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly tools?: readonly string[] | undefined;
  readonly callCap?: number | undefined;
}

export interface MintDeps {
  readonly ledger: Ledger;
  readonly now: Clock;
  readonly newId: NewId;
  readonly random: RandomBytes;
  readonly workspace: string;
  readonly defaultTtlMs: number;
}

function refuse(field: string, expected: string): never {
  throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
    fields: [{ field, expected }],
  });
}

/** A session as it is asked for, minted by `by`; nothing is stored. Throws `invalid_request` naming the field. */
export function draftSession(
  deps: Omit<MintDeps, 'ledger' | 'random'>,
  request: MintRequest,
  by: string,
): Session {
  const now = deps.now();
  const ttlMs = request.ttlMs ?? deps.defaultTtlMs;
  if (!Number.isInteger(ttlMs) || ttlMs < LIMITS.sessionTtlMinMs || ttlMs > LIMITS.sessionTtlMaxMs) {
    refuse(
      'ttl_ms',
      `a whole number of milliseconds from ${LIMITS.sessionTtlMinMs} to ${LIMITS.sessionTtlMaxMs}`,
    );
  }
  const subject = request.subject ?? 'default';
  if (!/^[\x21-\x7e]{1,200}$/.test(subject))
    refuse('subject', '1 to 200 printable ASCII characters without spaces');
  const labels = request.labels ?? {};
  if (Object.keys(labels).length > LIMITS.sessionLabels)
    refuse('labels', `at most ${LIMITS.sessionLabels} labels`);
  for (const [name, value] of Object.entries(labels)) {
    if (!/^[A-Za-z0-9_.-]{1,64}$/.test(name))
      refuse(`labels.${name.slice(0, 64)}`, 'a name of 1 to 64 of A–Z a–z 0–9 _ . -');
    if (Buffer.byteLength(value) > LIMITS.labelBytes)
      refuse(`labels.${name}`, `at most ${LIMITS.labelBytes} bytes`);
  }
  if (request.callCap !== undefined && (!Number.isSafeInteger(request.callCap) || request.callCap < 1)) {
    refuse('call_cap', 'a whole number of at least 1');
  }
  return {
    id: deps.newId('ses'),
    workspace: deps.workspace,
    subject,
    labels,
    scope: request.tools === undefined ? EVERYTHING : parseScope(request.tools),
    callCap: request.callCap,
    mintedBy: by,
    ancestors: [],
    createdAt: now,
    expiresAt: now + ttlMs,
    revokedAt: undefined,
    revokeReason: undefined,
  };
}

/** Creates a session and returns it with its token, which exists nowhere else. Durable before it returns. */
export async function mintSession(
  deps: MintDeps,
  request: MintRequest,
  by: string,
): Promise<{ session: Session; token: string }> {
  const session = draftSession(deps, request, by);
  const token = sessionToken(deps.random(32));
  await deps.ledger.commit({
    guard: insertSession(session, sha256Hex(token)),
    entries: [
      {
        type: 'session.minted',
        ref: { session: session.id, subject: session.subject, principal: by },
        body: mintedBody(session),
      },
    ],
  });
  return { session, token };
}
