import { type CallOptions, type Http, path } from './http.ts';
import { listPages, type Paged, type PageOptions } from './page.ts';
import { type UnwrapWebhook, unwrapWebhook, type WebhookEventType } from './unwrap-webhook.ts';

/** Where the gateway sends events. */
export interface Webhook {
  readonly id: string;
  readonly url: string;
  /** Event types, or `*` for all there are. */
  readonly events: readonly string[];
  readonly description: string;
  readonly enabled: boolean;
  /** `gone` after an answer of 410, `requested` by somebody; null while it is on. */
  readonly disabledReason: string | null;
  /** `whpk_…`: verifies the `v1a` signatures of its messages. */
  readonly publicKey: string;
  /** Until when messages are signed with the keys before the last rotation too. */
  readonly previousUntil: string | null;
  /** Deliveries that wait, and that were given up. */
  readonly pending: number;
  readonly dead: number;
  readonly createdBy: string;
  readonly createdAt: string;
}

/** `secret` (`whsec_…`) verifies the `v1` signatures; it is never shown again. */
export interface WebhookWithSecret extends Webhook {
  readonly secret: string;
}

export interface WebhookInput {
  readonly url: string;
  /** All there are when left out. */
  readonly events?: readonly (WebhookEventType | '*')[] | undefined;
  readonly description?: string | undefined;
}

export type WebhookChange = Partial<WebhookInput> & { readonly enabled?: boolean | undefined };

/** One event on its way to one webhook. */
export interface WebhookDelivery {
  /** The `webhook-id` of every attempt. */
  readonly event: string;
  readonly type: string;
  readonly approval: string | null;
  /** `dead`: it was given up. */
  readonly state: 'pending' | 'delivered' | 'dead';
  readonly attempts: number;
  readonly nextAt: string | null;
  /** Of the last attempt: the status of the answer, and why it is no delivery. */
  readonly status: number | null;
  readonly error: string | null;
  /** What is sent, byte for byte. */
  readonly body: string;
  readonly createdAt: string;
  readonly attemptedAt: string | null;
  readonly endedAt: string | null;
}

export interface WebhookTrial {
  readonly event: string;
  readonly delivered: boolean;
  readonly status: number | null;
  readonly error: string | null;
}

export interface WebhooksResource {
  create(input: WebhookInput, options?: CallOptions): Promise<WebhookWithSecret>;
  list(filter?: PageOptions, options?: CallOptions): Paged<Webhook>;
  get(id: string, options?: CallOptions): Promise<Webhook>;
  /** Changes what is named; `enabled: true` switches one on again. */
  update(id: string, change: WebhookChange, options?: CallOptions): Promise<Webhook>;
  /** Gives it new keys. Those before sign beside them for `overlapMs`, a day unless told, 0 for not at all. */
  rotate(
    id: string,
    input?: { readonly overlapMs?: number | undefined },
    options?: CallOptions,
  ): Promise<WebhookWithSecret>;
  remove(id: string, options?: CallOptions): Promise<void>;
  /** Sends one event of the type `webhook.test` at once, and says what came back. */
  test(id: string, options?: CallOptions): Promise<WebhookTrial>;
  /** Newest first; `state: 'dead'` for those that were given up. */
  deliveries(
    id: string,
    filter?: PageOptions & { readonly state?: WebhookDelivery['state'] | undefined },
    options?: CallOptions,
  ): Paged<WebhookDelivery>;
  /** Makes one delivery again, by its event's id, or every dead one. Gives how many. */
  redeliver(
    id: string,
    which?: { readonly event?: string | undefined },
    options?: CallOptions,
  ): Promise<number>;
  /** Checks and reads what a webhook has received. */
  readonly unwrap: UnwrapWebhook;
}

interface WebhookWire {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly description: string;
  readonly enabled: boolean;
  readonly disabled_reason?: string | null;
  readonly public_key: string;
  readonly previous_until?: string | null;
  readonly pending?: number;
  readonly dead?: number;
  readonly created_by: string;
  readonly created_at: string;
}

type SecretWire = WebhookWire & { readonly secret: string };

interface DeliveryWire {
  readonly event: string;
  readonly type: string;
  readonly approval?: string | null;
  readonly state: WebhookDelivery['state'];
  readonly attempts: number;
  readonly next_at?: string | null;
  readonly status?: number | null;
  readonly error?: string | null;
  readonly body: string;
  readonly created_at: string;
  readonly attempted_at?: string | null;
  readonly ended_at?: string | null;
}

function webhookFrom(wire: WebhookWire): Webhook {
  return {
    id: wire.id,
    url: wire.url,
    events: wire.events,
    description: wire.description,
    enabled: wire.enabled,
    disabledReason: wire.disabled_reason ?? null,
    publicKey: wire.public_key,
    previousUntil: wire.previous_until ?? null,
    pending: wire.pending ?? 0,
    dead: wire.dead ?? 0,
    createdBy: wire.created_by,
    createdAt: wire.created_at,
  };
}

function deliveryFrom(wire: DeliveryWire): WebhookDelivery {
  return {
    event: wire.event,
    type: wire.type,
    approval: wire.approval ?? null,
    state: wire.state,
    attempts: wire.attempts,
    nextAt: wire.next_at ?? null,
    status: wire.status ?? null,
    error: wire.error ?? null,
    body: wire.body,
    createdAt: wire.created_at,
    attemptedAt: wire.attempted_at ?? null,
    endedAt: wire.ended_at ?? null,
  };
}

export function createWebhooks(http: Http): WebhooksResource {
  const post = async <Wire>(at: string, body: object, options: CallOptions | undefined): Promise<Wire> =>
    (await http.json<Wire>({ method: 'POST', path: at, body, options })).body;
  const withSecret = (wire: SecretWire): WebhookWithSecret => ({ ...webhookFrom(wire), secret: wire.secret });
  return {
    create: async (input, options) => withSecret(await post<SecretWire>('/v1/webhooks', input, options)),
    list: (filter = {}, options) =>
      listPages<WebhookWire, Webhook>(http, {
        path: '/v1/webhooks',
        query: { ...filter },
        fromWire: webhookFrom,
        options,
      }),
    async get(id, options) {
      const call = { method: 'GET', path: path`/v1/webhooks/${id}`, options } as const;
      return webhookFrom((await http.json<WebhookWire>(call)).body);
    },
    update: async (id, change, options) =>
      webhookFrom(await post<WebhookWire>(path`/v1/webhooks/${id}/update`, change, options)),
    async rotate(id, { overlapMs } = {}, options) {
      const body = overlapMs === undefined ? {} : { overlap_ms: overlapMs };
      return withSecret(await post<SecretWire>(path`/v1/webhooks/${id}/rotate`, body, options));
    },
    async remove(id, options) {
      await post(path`/v1/webhooks/${id}/remove`, {}, options);
    },
    async test(id, options) {
      const wire = await post<WebhookTrial>(path`/v1/webhooks/${id}/test`, {}, options);
      const { event, delivered, status, error } = wire;
      return { event, delivered, status: status ?? null, error: error ?? null };
    },
    deliveries: (id, filter = {}, options) =>
      listPages<DeliveryWire, WebhookDelivery>(http, {
        path: path`/v1/webhooks/${id}/deliveries`,
        query: { ...filter },
        fromWire: deliveryFrom,
        options,
      }),
    redeliver: async (id, { event } = {}, options) =>
      (await post<{ count: number }>(path`/v1/webhooks/${id}/redeliver`, { event }, options)).count,
    unwrap: unwrapWebhook,
  };
}
