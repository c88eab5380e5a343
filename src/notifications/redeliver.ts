import { CountersignError } from '../core/errors.ts';
import { attemptDelivery } from './deliveries/attempt.ts';
import type { Delivery } from './deliveries/delivery.ts';
import { type DeliveryFilter, deliveryById, repeatDeliveries, selectDeliveries } from './deliveries/store.ts';
import { testBody } from './event.ts';
import { getEndpoint } from './manage.ts';
import type { EndpointDeps } from './ports.ts';

/** Newest first, at most `limit`. Throws `not_found`. */
export async function listDeliveries(
  deps: Pick<EndpointDeps, 'database' | 'workspace'>,
  filter: DeliveryFilter,
): Promise<Delivery[]> {
  await getEndpoint(deps, filter.webhook);
  return selectDeliveries(deps.database, filter);
}

/**
 * Has one delivery made again, or every dead one, with the same id and body. Gives how many wait now. Throws
 * `not_found`, and `conflict` for one that waits already and for an endpoint that is switched off.
 */
export async function redeliver(
  deps: EndpointDeps,
  { id, event }: { id: string; event: string | undefined },
): Promise<number> {
  const endpoint = await getEndpoint(deps, id);
  if (!endpoint.enabled)
    throw new CountersignError('conflict', 'This webhook is switched off. Switch it on first.');
  const again = await deps.ledger.commit({
    guard: repeatDeliveries({ webhook: id, event, at: deps.now() }),
    entries: [],
  });
  const count = again.kind === 'applied' ? again.rows.length : 0;
  if (event !== undefined && count === 0) {
    const found = await deliveryById(deps.database, { webhook: id, event });
    throw found === undefined
      ? new CountersignError(
          'not_found',
          'This webhook has no such delivery. Ended ones are kept for a time only.',
        )
      : new CountersignError('conflict', 'This delivery waits for its next attempt already.');
  }
  deps.onChanged();
  return count;
}

/** What a message that only tries the endpoint came to. */
export interface Trial {
  readonly event: string;
  readonly delivered: boolean;
  readonly status: number | undefined;
  readonly error: string | undefined;
}

/** Sends an event of the type `webhook.test` at once, and never again. It changes nothing. Throws `not_found`. */
export async function tryEndpoint(deps: EndpointDeps, id: string): Promise<Trial> {
  const endpoint = await getEndpoint(deps, id);
  const event = deps.newId('evt');
  const body = testBody({ webhook: id, at: deps.now() });
  const { outcome, status, error } = await attemptDelivery(deps, endpoint, { id: event, body });
  return { event, delivered: outcome === 'delivered', status, error };
}
