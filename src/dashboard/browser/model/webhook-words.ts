import type { WebhookEventType } from '../../../sdk/unwrap-webhook.ts';
import type { Webhook, WebhookDelivery, WebhookInput } from '../../../sdk/webhooks.ts';

/** What a webhook can be told of, in the order in which a form offers it. */
export const EVENT_WORDS: Readonly<Record<WebhookEventType, string>> = {
  'approval.requested': 'a call waits for a person',
  'approval.decided': 'somebody approved or denied it',
  'approval.expired': 'nobody decided in time',
  'call.completed': 'a call has ended',
  'job.completed': 'a job has ended',
  'capability.issued': 'an approved action may be carried out',
  'capability.exchanged': 'it was',
  'session.revoked': 'a session was ended',
  'server.drifted': 'a server changed a tool',
  'ledger.checkpointed': 'the log has grown, once a minute at most',
};

export const EVENT_TYPES = Object.keys(EVENT_WORDS) as readonly WebhookEventType[];

export const DELIVERY_WORDS: Readonly<Record<WebhookDelivery['state'], string>> = {
  pending: 'waits',
  delivered: 'delivered',
  dead: 'given up',
};

/** For how long the keys before a rotation sign beside the new ones. */
export const OVERLAPS: readonly (readonly [string, number])[] = [
  ['1 day', 86_400_000],
  ['1 hour', 3_600_000],
  ['7 days', 7 * 86_400_000],
  ['not at all', 0],
];

/** Which deliveries are shown. */
export type DeliveryChoice = WebhookDelivery['state'] | undefined;

export function readDeliveryChoice(query: string): DeliveryChoice {
  const given = new URLSearchParams(query).get('state');
  return (Object.keys(DELIVERY_WORDS) as WebhookDelivery['state'][]).find((one) => one === given);
}

/** The address of one webhook with the deliveries that were chosen. */
export function webhookAddress(id: string, choice?: DeliveryChoice): string {
  return choice === undefined ? `/webhooks/${id}` : `/webhooks/${id}?state=${choice}`;
}

/** `every event`, `approval.decided, job.completed`. */
export function eventsText({ events }: Pick<Webhook, 'events'>): string {
  return events.includes('*') ? 'every event' : events.join(', ');
}

/** How a webhook stands, in one word and in a sentence. */
export function standingOf({ enabled, disabledReason }: Pick<Webhook, 'enabled' | 'disabledReason'>): {
  readonly state: 'active' | 'stopped' | 'failed';
  readonly words: string;
  readonly sentence: string;
} {
  if (enabled) return { state: 'active', words: 'on', sentence: 'It is told of what happens.' };
  if (disabledReason === 'gone')
    return {
      state: 'failed',
      words: 'gone',
      sentence: 'Its server answered 410, which asks never to be sent anything again. Nothing is sent.',
    };
  return { state: 'stopped', words: 'off', sentence: 'Somebody switched it off. Nothing is sent.' };
}

/** `2 attempts, the last: answered with 503`. */
export function attemptsText({ attempts, status, error }: WebhookDelivery): string {
  const counted = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  if (attempts === 0) return 'not tried yet';
  const answer = error ?? (status === null ? '' : `answered with ${status}`);
  return answer === '' ? counted : `${counted}, the last: ${answer}`;
}

/**
 * What a filled-in form asks for. Throws an `Error` that names the field, for what the gateway would have to refuse without
 * knowing which field was meant.
 */
export function webhookInputFrom(typed: {
  readonly url: string;
  readonly description: string;
  readonly everything: boolean;
  readonly events: readonly string[];
}): Required<WebhookInput> {
  const url = typed.url.trim();
  if (!URL.canParse(url))
    throw new Error(`Address: expected one such as https://hooks.example.com/in, but got "${url}".`);
  const events = EVENT_TYPES.filter((type) => typed.events.includes(type));
  if (!typed.everything && events.length === 0)
    throw new Error('Events: choose at least one, or every event.');
  return { url, description: typed.description.trim(), events: typed.everything ? ['*'] : events };
}

/**
 * The list with what a newer look at its beginning has found. What was loaded further down stays, so that nothing moves
 * away under the eyes; what both have counts as the newer look says.
 */
export function withNewer(
  shown: readonly WebhookDelivery[],
  newest: readonly WebhookDelivery[],
): readonly WebhookDelivery[] {
  const seen = new Set(newest.map(({ event }) => event));
  return [...newest, ...shown.filter(({ event }) => !seen.has(event))];
}
