import type { WebhookDelivery } from '../../../../sdk/webhooks.ts';
import { attemptsText, DELIVERY_WORDS } from '../../model/webhook-words.ts';
import { Badge } from '../fleet/badge.tsx';
import { Moment } from '../fleet/moment.tsx';
import { TextOf } from '../text-of.tsx';

const TONES = { pending: 'waiting', delivered: 'completed', dead: 'failed' } as const;

interface DeliveryRowProps {
  readonly delivery: WebhookDelivery;
  readonly now: number;
  /** Makes it again; without it, there is no such button. */
  readonly redeliver?: (() => unknown) | undefined;
}

/** One event on its way: how it stands, what was answered, and what is sent. */
export function DeliveryRow({ delivery, now, redeliver }: DeliveryRowProps) {
  const { event, type, state, approval, createdAt, nextAt, endedAt, body } = delivery;
  return (
    <li class="delivery">
      <div class="first">
        <Badge state={TONES[state]} words={DELIVERY_WORDS[state]} />
        <strong>
          <code>
            <TextOf text={type} />
          </code>
        </strong>
        {redeliver !== undefined && (
          <button type="button" class="quiet" onClick={() => redeliver()}>
            Redeliver <span class="visually-hidden">{event}</span>
          </button>
        )}
      </div>
      <p class="meta tries">
        <span>
          <TextOf text={attemptsText(delivery)} />
        </span>
        <span>
          from <Moment at={createdAt} now={now} />
        </span>
        {nextAt !== null && (
          <span>
            next attempt <Moment at={nextAt} now={now} />
          </span>
        )}
        {endedAt !== null && (
          <span>
            {DELIVERY_WORDS[state]} <Moment at={endedAt} now={now} />
          </span>
        )}
        {approval !== null && (
          <a class="plain" href={`/approvals/${approval}`}>
            The call <span class="visually-hidden">{approval}</span>
          </a>
        )}
      </p>
      <details>
        <summary>
          What is sent, as <code>{event}</code>
        </summary>
        <pre class="view">
          <TextOf text={body} />
        </pre>
      </details>
    </li>
  );
}
