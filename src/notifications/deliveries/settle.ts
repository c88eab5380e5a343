import type { Statement } from '../../storage/database.ts';
import { type Endpoint, endpointEntry } from '../endpoint.ts';
import type { OutboxDeps } from '../ports.ts';
import { retryDelay } from '../retry.ts';
import { updateEndpoint } from '../store.ts';
import type { Attempt } from './attempt.ts';
import type { Delivery } from './delivery.ts';
import { endDelivery, postponeDelivery } from './store.ts';

/**
 * Records what became of an attempt: a failure is tried again until the schedule ends, and is dead then. `then` is kept
 * with it.
 */
export async function recordAttempt(
  deps: Pick<OutboxDeps, 'ledger' | 'now' | 'random'>,
  { delivery, attempt, then = [] }: { delivery: Delivery; attempt: Attempt; then?: readonly Statement[] },
): Promise<void> {
  const { status, error, outcome } = attempt;
  const at = deps.now();
  const about = { webhook: delivery.webhook, event: delivery.event, at, status, error };
  const delay = outcome === 'failed' ? retryDelay(delivery.attempts + 1, deps.random) : undefined;
  const guard =
    delay === undefined
      ? endDelivery({ ...about, state: outcome === 'delivered' ? 'delivered' : 'dead' })
      : postponeDelivery({ ...about, nextAt: at + delay });
  await deps.ledger.commit({ guard, then, entries: [] });
}

/**
 * Records what became of an attempt for an endpoint, which an answer of 410 switches off (Standard Webhooks,
 * "Deliverability"). `endpoint` is as it was asked: of an address that was changed meanwhile, 410 is a failure as any other.
 */
export async function settleAttempt(
  deps: Pick<OutboxDeps, 'ledger' | 'now' | 'random' | 'workspace'>,
  tried: { endpoint: Pick<Endpoint, 'id' | 'url'>; delivery: Delivery; attempt: Attempt },
): Promise<{ disabled: boolean }> {
  const { endpoint, delivery, attempt } = tried;
  if (attempt.outcome !== 'gone') {
    await recordAttempt(deps, tried);
    return { disabled: false };
  }
  const { status, error } = attempt;
  const where = { id: endpoint.id, workspace: deps.workspace, url: endpoint.url };
  const about = { webhook: delivery.webhook, event: delivery.event, at: deps.now(), status, error };
  const off = await deps.ledger.commit({
    guard: updateEndpoint(where, { enabled: false, reason: 'gone', from: deps.ledger.head().size }),
    then: [endDelivery({ ...about, state: 'dead' })],
    entries: [endpointEntry('webhook.changed', { id: endpoint.id }, { enabled: false, reason: 'gone' })],
  });
  if (off.kind === 'applied') return { disabled: true };
  await recordAttempt(deps, { delivery, attempt: { ...attempt, outcome: 'failed' } });
  return { disabled: false };
}
