import type { Webhook } from '../../../../sdk/webhooks.ts';
import { eventsText, standingOf, webhookAddress } from '../../model/webhook-words.ts';
import { Badge } from '../fleet/badge.tsx';
import { TextOf } from '../text-of.tsx';

/** How many deliveries wait or were given up; nothing while there are none. */
export function DeliveryCounts({ webhook }: { webhook: Webhook }) {
  const { pending, dead } = webhook;
  return (
    <>
      {pending > 0 && <Badge state="waiting" words={`${pending} waiting`} />}{' '}
      {dead > 0 && <Badge state="failed" words={`${dead} given up`} />}
    </>
  );
}

/** One webhook, a link to its page. */
export function WebhookRow({ webhook }: { webhook: Webhook }) {
  const { state, words } = standingOf(webhook);
  return (
    <li>
      <a href={webhookAddress(webhook.id)}>
        <span class="first">
          <Badge state={state} words={words} />{' '}
          <strong>
            <TextOf text={webhook.url} />
          </strong>
        </span>
        <span class="meta">
          {webhook.description !== '' && <TextOf text={webhook.description} />}
          <span>{eventsText(webhook)}</span>
          <DeliveryCounts webhook={webhook} />
        </span>
      </a>
    </li>
  );
}
