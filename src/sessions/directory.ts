import type { Clock } from '../core/clock.ts';
import { sha256Hex } from '../core/digest.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Reader } from '../storage/database.ts';
import { isOauthSecret } from './oauth/secret.ts';
import { revokeTree } from './revoke.ts';
import { looksLikeSessionToken, type Session, sessionState } from './session.ts';
import {
  recordCalls,
  type SessionPage,
  selectSession,
  selectSessionByToken,
  selectSessions,
  sessionFromRow,
} from './store.ts';

export type SessionWithCalls = Session & { readonly calls: number };

/**
 * The live view of sessions in this process. Lookups after the first are answered from memory; `revoke` is visible
 * to the very next lookup and calls every `onEnded` listener, which closes what the session holds open.
 */
export interface SessionDirectory {
  /** The active session of this token, or undefined: unknown, expired and revoked look the same. */
  authenticate(token: string): Promise<Session | undefined>;
  /** Whether the session may act at this moment, without I/O. */
  isActive(session: Session): boolean;
  /** The same by id, for a session that was looked up before: false once it was revoked in this process. */
  mayStillAct(id: string): boolean;
  get(id: string): Promise<SessionWithCalls | undefined>;
  list(page: SessionPage): Promise<SessionWithCalls[]>;
  /**
   * Ends the session and all that were narrowed from it. Idempotent: revoking a revoked session returns it unchanged.
   * Throws `not_found`, and `ledger_unavailable` when it could not be written; the sessions are shut in this process
   * even then.
   */
  revoke(change: { id: string; by: string; reason: string }): Promise<SessionWithCalls>;
  /** How many calls the session has made, as far as this process knows. */
  callsOf(id: string): number;
  /** The session was given another token: none that this process knows of it is good from now on. */
  tokenReplaced(id: string): void;
  /** Notes the count that the database returned for a call. */
  counted(id: string, calls: number): void;
  /** Counts a call of a session without a cap; `flush` writes the count down a little later. */
  countCall(id: string): void;
  /** Writes down the counts that `countCall` has raised since the last time. */
  flush(): Promise<void>;
  /** Called once when a session is revoked or found expired. */
  onEnded(listener: (sessionId: string) => void): void;
  /** Ends what has expired; called on a timer so that idle streams close too. */
  sweep(): void;
}

const CACHE_LIMIT = 10_000;

export function createSessionDirectory(deps: {
  /** Sessions of any other do not exist here. */
  workspace: string;
  database: Reader;
  ledger: Ledger;
  now: Clock;
}): SessionDirectory {
  /** With when the token ends, where that is before the session does. */
  const byToken = new Map<string, { session: Session; until: number }>();
  const calls = new Map<string, number>();
  const raised = new Set<string>();
  const revoked = new Set<string>();
  const listeners = new Set<(sessionId: string) => void>();
  /** Grows with each token that is replaced; a lookup that began before is made again. */
  let replacements = 0;

  /** A stored session with the newest count that this process knows. */
  function seen(session: SessionWithCalls): SessionWithCalls {
    return { ...session, calls: Math.max(session.calls, calls.get(session.id) ?? 0) };
  }

  function ended(id: string): void {
    calls.delete(id);
    for (const listener of listeners) listener(id);
  }

  function shut(id: string): void {
    revoked.add(id);
    for (const [hash, { session }] of byToken) if (session.id === id) byToken.delete(hash);
    ended(id);
  }

  function isActive(session: Session): boolean {
    const isRevoked = revoked.has(session.id) || session.ancestors.some((id) => revoked.has(id));
    return !isRevoked && sessionState(session, deps.now()) === 'active';
  }

  async function load(tokenHash: string): Promise<{ session: Session; until: number } | undefined> {
    const before = replacements;
    const row = (await deps.database.query(selectSessionByToken(tokenHash)))[0];
    if (before !== replacements) return load(tokenHash);
    if (row === undefined) return undefined;
    const session = sessionFromRow(row);
    if (session.workspace !== deps.workspace || !isActive(session)) return undefined;
    if (byToken.size >= CACHE_LIMIT) {
      const oldest = byToken.keys().next().value;
      if (oldest !== undefined) byToken.delete(oldest);
    }
    calls.set(session.id, Math.max(session.calls, calls.get(session.id) ?? 0));
    const until = row.token_expires_at == null ? session.expiresAt : Number(row.token_expires_at);
    const found = { session, until };
    byToken.set(tokenHash, found);
    return found;
  }

  return {
    isActive,

    async authenticate(token) {
      if (!looksLikeSessionToken(token) && !isOauthSecret('access', token)) return undefined;
      const hash = sha256Hex(token);
      const found = byToken.get(hash) ?? (await load(hash));
      if (found === undefined || !isActive(found.session)) return undefined;
      return deps.now() < found.until ? found.session : undefined;
    },

    mayStillAct(id) {
      return !revoked.has(id);
    },

    async get(id) {
      const row = (await deps.database.query(selectSession(id)))[0];
      return row === undefined ? undefined : seen(sessionFromRow(row));
    },

    async list(page) {
      return (await deps.database.query(selectSessions(page, deps.now()))).map((row) =>
        seen(sessionFromRow(row)),
      );
    },

    async revoke({ id, by, reason }) {
      const ended = await revokeTree(
        { ...deps, shut: (ids) => ids.filter((one) => !revoked.has(one)).forEach(shut) },
        { id, by, reason },
      );
      return seen(ended);
    },

    callsOf(id) {
      return calls.get(id) ?? 0;
    },

    tokenReplaced(id) {
      replacements += 1;
      // Kept as dead ones, so that the sweep still notices when the session ends.
      for (const [hash, { session }] of byToken)
        if (session.id === id) byToken.set(hash, { session, until: 0 });
    },

    counted(id, count) {
      calls.set(id, count);
    },

    countCall(id) {
      calls.set(id, (calls.get(id) ?? 0) + 1);
      raised.add(id);
    },

    async flush() {
      if (raised.size === 0) return;
      const counts = [...raised].map((id) => recordCalls(id, calls.get(id) ?? 0));
      raised.clear();
      await deps.ledger.commit({ then: counts, entries: [] });
    },

    onEnded(listener) {
      listeners.add(listener);
    },

    sweep() {
      const now = deps.now();
      const over = new Set<string>();
      for (const [hash, { session }] of byToken) {
        if (sessionState(session, now) === 'active') continue;
        byToken.delete(hash);
        over.add(session.id);
      }
      for (const id of over) ended(id);
    },
  };
}
