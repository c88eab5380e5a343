import { CountersignError } from '../core/errors.ts';
import { scopeCovers } from '../core/scope.ts';
import type { Session } from '../sessions/session.ts';
import type { GateDeps } from './call.ts';
import { judge } from './judge.ts';
import { actionOf, requireRead } from './read.ts';
import { resolveResource } from './resolve.ts';
import { verdictBody } from './verdict-body.ts';

/** A resource whose changes a session is told of. */
export interface Subscription {
  readonly server: string;
  readonly uri: string;
  /** Whether the session may be told of a change of this resource, or of one below it, at this moment. */
  mayHear(uri: string): boolean;
  /** May be called more than once. */
  release(): void;
}

/**
 * Subscribes to what could be read: the steps of resources/read, an intent before the server is asked, and an outcome.
 * Throws `not_found`, `denied_by_policy`, and `downstream_unavailable` when the server does not have it watched.
 */
export async function subscribe(
  deps: GateDeps,
  { session, uri, method }: { session: Session; uri: string; method: string },
): Promise<Subscription> {
  const item = resolveResource(deps.downstreams.catalog(), uri);
  const { server } = item;
  const verdict = await requireRead(deps, { session, kind: 'resource', item, args: {} });
  const ref = {
    session: session.id,
    subject: session.subject,
    call: deps.newId('req'),
    action: actionOf('resource', item),
  };
  const intent = { method, ...verdictBody(verdict) };
  await deps.ledger.commit({ entries: [{ type: 'call.intent', ref, body: intent }] });
  const watched = await deps.downstreams.watch({ server, uri });
  const release = watched.kind === 'watching' ? watched.release : undefined;
  try {
    await deps.ledger.commit({ entries: [{ type: 'call.outcome', ref, body: outcomeOf(watched) }] });
  } catch (error) {
    release?.();
    throw error;
  }
  if (watched.kind === 'refused') {
    const message = `Nobody is told when ${uri.slice(0, 100)} changes: ${watched.reason}`;
    throw new CountersignError('downstream_unavailable', message);
  }
  return {
    server,
    uri,
    mayHear: (changed) =>
      deps.isActive(session) &&
      scopeCovers(session.scope, { kind: 'resource', server, name: changed }) &&
      judge(deps, session, { kind: 'resource', server, name: changed, args: {} }).effect === 'allow',
    release: watched.release,
  };
}

function outcomeOf(watched: { kind: 'watching' } | { kind: 'refused'; reason: string }) {
  return watched.kind === 'watching' ? { kind: 'watching' } : { kind: 'refused', reason: watched.reason };
}
