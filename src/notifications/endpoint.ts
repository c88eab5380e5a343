import { CountersignError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { EntryDraft } from '../ledger/entry.ts';
import { EVENT_TYPES } from './event.ts';

/** Where events are sent. Times are epoch milliseconds. */
export interface Endpoint {
  /** `whk_…`. */
  readonly id: string;
  readonly url: string;
  /** Event types, or `*` for all there are. */
  readonly events: readonly string[];
  readonly description: string;
  readonly enabled: boolean;
  /** Why it is switched off: `gone` after an answer of 410, `requested` by somebody; undefined while it is on. */
  readonly disabledReason: string | undefined;
  /** `whpk_…`, which verifies `v1a` signatures. */
  readonly publicKey: string;
  /** Until when messages are signed with the keys before the last rotation too. */
  readonly previousUntil: number | undefined;
  /** Deliveries that wait, and that were given up. */
  readonly pending: number;
  readonly dead: number;
  readonly createdBy: string;
  readonly createdAt: number;
}

function refuse(field: string, expected: string): never {
  throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
    fields: [{ field, expected }],
  });
}

/** The list of what an endpoint wants, each type once. Throws `invalid_request`. */
export function parseEvents(given: readonly string[] | undefined): readonly string[] {
  const events = [...new Set(given ?? ['*'])];
  const isKnown = events.every((event) => event === '*' || EVENT_TYPES.some((type) => type === event));
  if (events.length === 0 || !isKnown) refuse('events', `"*" or some of ${EVENT_TYPES.join(', ')}`);
  return events.includes('*') ? ['*'] : events;
}

/** Throws `invalid_request`. */
export function parseDescription(text: string | undefined): string {
  const description = text?.trim() ?? '';
  const isPlain = description.length <= LIMITS.webhookDescriptionCharacters && !/\p{Cc}/u.test(description);
  return isPlain
    ? description
    : refuse('description', `one line of at most ${LIMITS.webhookDescriptionCharacters} characters`);
}

/** The address in its normal form. Where it leads is another question. Throws `invalid_request`. */
export function parseAddress(text: string): string {
  if (!URL.canParse(text) || text.length > LIMITS.webhookUrlCharacters)
    refuse('url', `an absolute https address of at most ${LIMITS.webhookUrlCharacters} characters`);
  const url = new URL(text);
  if (url.hash !== '') refuse('url', 'an address without a fragment');
  return url.href;
}

/** Throws `invalid_request`. */
export function parseOverlap(overlapMs: number | undefined): number {
  const ms = overlapMs ?? LIMITS.webhookOverlapDefaultMs;
  return Number.isInteger(ms) && ms >= 0 && ms <= LIMITS.webhookOverlapMaxMs
    ? ms
    : refuse('overlap_ms', `whole milliseconds from 0 to ${LIMITS.webhookOverlapMaxMs}`);
}

/** A fact about an endpoint. `by` is absent where the gateway itself brought it about. Never holds the whole address. */
export function endpointEntry(
  type: 'webhook.created' | 'webhook.changed' | 'webhook.removed',
  about: { id: string; by?: string },
  body: JsonObject,
): EntryDraft {
  const ref = about.by === undefined ? {} : { principal: about.by };
  return { type, ref: { ...ref, action: type }, body: { webhook: about.id, ...body } };
}

/** What an entry may say of where an endpoint is: never the path, which may be a secret. */
export function hostOf(url: string): string {
  return new URL(url).host;
}

export function unknownEndpoint(): CountersignError {
  return new CountersignError('not_found', 'There is no webhook with this id. GET /v1/webhooks lists them.');
}
