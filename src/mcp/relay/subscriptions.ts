import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { GateDeps } from '../../gate/call.ts';
import { type Subscription, subscribe } from '../../gate/subscribe.ts';
import type { Session } from '../../sessions/session.ts';

/** The resources that one client, or one stream of it, is told of. */
export interface Subscriptions {
  /** Throws what `subscribe` of the gate throws, and `rate_limited` when the session has too many. */
  add(uri: string): Promise<void>;
  remove(uri: string): void;
  close(): void;
}

/** Everything that clients of this gateway are subscribed to. */
export interface SubscriptionDesk {
  /** `tell` gets the URI that was subscribed to, and the one that has changed: the same, or one below it. */
  open(
    session: Session,
    input: { method: string; tell: (subscribed: string, changed: string) => void },
  ): Subscriptions;
  changed(resource: { server: string; uri: string }): void;
  /** Ends what may be heard no longer: another policy is in force. */
  review(): void;
}

interface Held {
  readonly session: Session;
  readonly held: Map<string, Subscription>;
  readonly tell: (subscribed: string, changed: string) => void;
}

/** A server may report what lies below the resource that was subscribed to (2025-11-25, Resources). */
function covers(subscribed: string, changed: string): boolean {
  return (
    changed === subscribed || changed.startsWith(subscribed.endsWith('/') ? subscribed : `${subscribed}/`)
  );
}

export function createSubscriptionDesk(gate: GateDeps): SubscriptionDesk {
  const all = new Set<Held>();

  function requireRoom(session: Session): void {
    const counts = [...all].map((one) => (one.session.id === session.id ? one.held.size : 0));
    if (counts.reduce((sum, count) => sum + count, 0) < LIMITS.subscriptionsPerSession) return;
    const message = `This session is subscribed to ${LIMITS.subscriptionsPerSession} resources, which is the most. End some first.`;
    throw new CountersignError('rate_limited', message);
  }

  function end({ held }: Held, uri: string): void {
    held.get(uri)?.release();
    held.delete(uri);
  }

  return {
    open(session, { method, tell }) {
      const own: Held = { session, held: new Map(), tell };
      all.add(own);
      return {
        async add(uri) {
          if (own.held.has(uri)) return;
          requireRoom(session);
          const made = await subscribe(gate, { session, uri, method });
          if (all.has(own) && !own.held.has(uri)) own.held.set(uri, made);
          else made.release();
        },
        remove: (uri) => end(own, uri),
        close() {
          all.delete(own);
          for (const uri of [...own.held.keys()]) end(own, uri);
        },
      };
    },

    changed({ server, uri }) {
      for (const one of all) {
        for (const subscription of [...one.held.values()]) {
          if (subscription.server !== server || !covers(subscription.uri, uri)) continue;
          if (!subscription.mayHear(subscription.uri)) end(one, subscription.uri);
          else if (subscription.mayHear(uri)) one.tell(subscription.uri, uri);
        }
      }
    },

    review() {
      for (const one of all) {
        for (const { uri, mayHear } of [...one.held.values()]) if (!mayHear(uri)) end(one, uri);
      }
    },
  };
}
