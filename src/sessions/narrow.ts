import type { Clock } from '../core/clock.ts';
import { sha256Hex } from '../core/digest.ts';
import { CountersignError } from '../core/errors.ts';
import type { NewId, RandomBytes } from '../core/ids.ts';
import { LIMITS } from '../core/limits.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Reader } from '../storage/database.ts';
import { childCallCap, childExpiry, childScope, type NarrowRequest } from './child.ts';
import type { SessionDirectory } from './directory.ts';
import { mintedBody, type Session, sessionToken } from './session.ts';
import { insertSession, selectSession, sessionFromRow } from './store.ts';
import { lendCalls, selectTreeSize } from './tree/store.ts';

export interface NarrowDeps {
  readonly database: Reader;
  readonly ledger: Ledger;
  readonly sessions: Pick<SessionDirectory, 'authenticate' | 'isActive' | 'counted'>;
  readonly now: Clock;
  readonly newId: NewId;
  readonly random: RandomBytes;
}

const ROUNDS = 4;

function gone(): CountersignError {
  return new CountersignError(
    'not_found',
    'There is no session in force with this token. Ask whoever minted it for a new one.',
  );
}

/** The parent as it stands, with room below it. Throws `not_found` or `rate_limited`. */
async function parentOf(deps: NarrowDeps, token: string): Promise<Session & { readonly calls: number }> {
  const known = await deps.sessions.authenticate(token);
  if (known === undefined) throw gone();
  const row = (await deps.database.query(selectSession(known.id)))[0];
  const parent = row === undefined ? undefined : sessionFromRow(row);
  if (parent === undefined || !deps.sessions.isActive(parent)) throw gone();
  if (parent.ancestors.length >= LIMITS.sessionDepth) {
    throw new CountersignError(
      'forbidden',
      `This session was narrowed ${parent.ancestors.length} times already, which is the most. Narrow an earlier one.`,
    );
  }
  const root = parent.ancestors[0] ?? parent.id;
  const size = Number((await deps.database.query(selectTreeSize(root, deps.now())))[0]?.live ?? 0);
  if (size >= LIMITS.sessionsPerTree) {
    throw new CountersignError(
      'rate_limited',
      `${size} sessions that were narrowed from one are in force, which is the most. Let some of them end first.`,
    );
  }
  return parent;
}

/**
 * Exchanges a session's token for a child of it: the same subject and labels, a scope within the parent's, no later
 * expiry, no more calls. Whatever the child may do, the parent may. Durable before it returns; the token exists nowhere
 * else. Calls that a parent with a cap lends are spent by it for good. Throws `not_found` when the session has
 * ended, also meanwhile; `invalid_request` naming `scope`, `expires_in` or `call_cap`; `forbidden` when it is too deep;
 * `rate_limited` when its tree is full.
 */
export async function narrowSession(
  deps: NarrowDeps,
  { token, ...request }: NarrowRequest & { readonly token: string },
): Promise<{ session: Session; token: string }> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const parent = await parentOf(deps, token);
    const now = deps.now();
    const { calls: _spent, ...inherited } = parent;
    const child: Session = {
      ...inherited,
      id: deps.newId('ses'),
      scope: childScope(parent.scope, request.tools),
      callCap: childCallCap(parent, request.callCap),
      mintedBy: `session:${parent.id}`,
      ancestors: [...parent.ancestors, parent.id],
      createdAt: now,
      expiresAt: childExpiry(parent, request.ttlMs, now),
    };
    const childToken = sessionToken(deps.random(32));
    const lent = parent.callCap === undefined ? 0 : (child.callCap ?? 0);
    const applied = await deps.ledger.commit({
      guard: lendCalls({
        id: parent.id,
        root: child.ancestors[0] ?? parent.id,
        calls: lent,
        until: child.expiresAt,
        now,
        maxLive: LIMITS.sessionsPerTree,
      }),
      then: [insertSession(child, sha256Hex(childToken))],
      entries: [
        {
          type: 'session.narrowed',
          ref: { session: child.id, subject: child.subject, principal: child.mintedBy },
          body: mintedBody(child),
        },
      ],
    });
    if (applied.kind === 'refused') continue;
    if (lent > 0) deps.sessions.counted(parent.id, Number(applied.rows[0]?.calls ?? 0));
    // A revocation that began meanwhile may not have seen the child; then nobody gets its token.
    if (!deps.sessions.isActive(child)) throw gone();
    return { session: child, token: childToken };
  }
  throw new CountersignError('conflict', 'The session changed while it was being narrowed. Try again.');
}
