import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Webhook, WebhookDelivery } from '../../../../sdk/webhooks.ts';
import { useLoaded } from '../../load.ts';
import {
  DELIVERY_WORDS,
  type DeliveryChoice,
  readDeliveryChoice,
  webhookAddress,
  withNewer,
} from '../../model/webhook-words.ts';
import type { Shell } from '../../shell.ts';
import { Notice } from '../notice.tsx';
import { Skeleton } from '../skeleton.tsx';
import { DeliveryRow } from './delivery-row.tsx';

const PAGE = 50;
const ASK_AGAIN_MS = 3_000;

interface DeliveriesProps {
  readonly shell: Shell;
  readonly webhook: Webhook;
  /** Called when something was set going again. */
  readonly changed: () => void;
}

/** What a webhook was told and how that went, kept up to date. */
export function Deliveries({ shell, webhook, changed }: DeliveriesProps) {
  const { webhooks } = shell.api.client;
  const choice = useSignal<DeliveryChoice>(readDeliveryChoice(location.search));
  const shown = useSignal<readonly WebhookDelivery[] | undefined>(undefined);
  const cursor = useSignal<string | null>(null);
  const problem = useSignal<string | undefined>(undefined);
  const said = useSignal('');
  const state = choice.value;

  const page = (from?: string) =>
    webhooks.deliveries(webhook.id, { limit: PAGE, state: choice.value, cursor: from });
  const newest = useLoaded(shell, state ?? 'all', async () => {
    const found = await page();
    if (shown.value === undefined || shown.value.length <= PAGE) {
      shown.value = found.data;
      cursor.value = found.nextCursor;
    } else shown.value = withNewer(shown.value, found.data);
    return found;
  });
  useEffect(() => {
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') void newest.again();
    }, ASK_AGAIN_MS);
    return () => window.clearInterval(timer);
  }, [shell, state]);

  const guarded = async (act: () => Promise<unknown>) => {
    problem.value = undefined;
    said.value = '';
    try {
      await act();
    } catch (error) {
      problem.value = shell.failed(error);
    }
  };
  const showOlder = () =>
    guarded(async () => {
      const found = await page(cursor.value ?? undefined);
      shown.value = withNewer(found.data, shown.value ?? []);
      cursor.value = found.nextCursor;
    });
  const redeliver = (event?: string) =>
    guarded(async () => {
      const count = await webhooks.redeliver(webhook.id, { event });
      said.value = count === 1 ? 'One delivery is made again.' : `${count} deliveries are made again.`;
      await newest.again();
      changed();
    });
  const choose = (next: DeliveryChoice) => {
    choice.value = next;
    shown.value = undefined;
    history.replaceState(null, '', webhookAddress(webhook.id, next));
  };
  const failure = newest.problem.value ?? problem.value;
  return (
    <section class="deliveries" aria-labelledby="deliveries">
      <div class="heading">
        <h2 id="deliveries">Deliveries</h2>
        {webhook.enabled && webhook.dead > 0 && (
          <button type="button" onClick={() => redeliver()}>
            Redeliver all {webhook.dead} that were given up
          </button>
        )}
      </div>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label>
          State
          <select
            value={state ?? ''}
            onChange={(event) => choose(readDeliveryChoice(`state=${event.currentTarget.value}`))}
          >
            <option value="">All</option>
            {Object.entries(DELIVERY_WORDS).map(([one, words]) => (
              <option key={one} value={one}>
                {words}
              </option>
            ))}
          </select>
        </label>
      </form>
      <p class="fine" role="status">
        {said.value}
      </p>
      {failure !== undefined && (
        <Notice kind="error" title="That did not work" retry={newest.again}>
          <p>{failure}</p>
        </Notice>
      )}
      {shown.value === undefined && newest.problem.value === undefined && <Skeleton rows={2} />}
      {shown.value?.length === 0 && (
        <p class="fine">
          {state === undefined
            ? 'None yet. What happens from now on appears here; “Send a test” tries the address at once.'
            : 'None in this state.'}
        </p>
      )}
      <ul class="fleet" aria-label="Deliveries">
        {(shown.value ?? []).map((delivery) => (
          <DeliveryRow
            key={delivery.event}
            delivery={delivery}
            now={shell.now.value}
            redeliver={
              webhook.enabled && delivery.state !== 'pending' ? () => redeliver(delivery.event) : undefined
            }
          />
        ))}
      </ul>
      {cursor.value !== null && (
        <button type="button" onClick={showOlder}>
          Show older
        </button>
      )}
    </section>
  );
}
