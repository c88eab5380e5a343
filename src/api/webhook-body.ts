import { z } from '@hono/zod-openapi';
import { toRfc3339 } from '../core/clock.ts';
import { DELIVERY_STATES, type Delivery } from '../notifications/deliveries/delivery.ts';
import type { Endpoint } from '../notifications/endpoint.ts';

const optionalTime = (ms: number | undefined): string | null => (ms === undefined ? null : toRfc3339(ms));

export const webhookSchema = z
  .object({
    id: z.string(),
    url: z.string(),
    events: z.array(z.string()),
    description: z.string(),
    enabled: z.boolean(),
    disabled_reason: z.string().nullable(),
    public_key: z.string(),
    previous_until: z.string().nullable(),
    pending: z.number().int(),
    dead: z.number().int(),
    created_by: z.string(),
    created_at: z.string(),
  })
  .openapi('Webhook');

export const withSecretSchema = webhookSchema.extend({ secret: z.string() }).openapi('WebhookWithSecret');

export function webhookBody(endpoint: Endpoint): z.infer<typeof webhookSchema> {
  return {
    id: endpoint.id,
    url: endpoint.url,
    events: [...endpoint.events],
    description: endpoint.description,
    enabled: endpoint.enabled,
    disabled_reason: endpoint.disabledReason ?? null,
    public_key: endpoint.publicKey,
    previous_until: optionalTime(endpoint.previousUntil),
    pending: endpoint.pending,
    dead: endpoint.dead,
    created_by: endpoint.createdBy,
    created_at: toRfc3339(endpoint.createdAt),
  };
}

export const deliveryStateSchema = z.enum(DELIVERY_STATES);

export const deliverySchema = z
  .object({
    event: z.string(),
    type: z.string(),
    approval: z.string().nullable(),
    state: deliveryStateSchema,
    attempts: z.number().int(),
    next_at: z.string().nullable(),
    status: z.number().int().nullable(),
    error: z.string().nullable(),
    body: z.string(),
    created_at: z.string(),
    attempted_at: z.string().nullable(),
    ended_at: z.string().nullable(),
  })
  .openapi('WebhookDelivery');

export function deliveryBody(delivery: Delivery): z.infer<typeof deliverySchema> {
  return {
    event: delivery.event,
    type: delivery.type,
    approval: delivery.approval ?? null,
    state: delivery.state,
    attempts: delivery.attempts,
    next_at: delivery.state === 'pending' ? toRfc3339(delivery.nextAt) : null,
    status: delivery.status ?? null,
    error: delivery.error ?? null,
    body: delivery.body,
    created_at: toRfc3339(delivery.createdAt),
    attempted_at: optionalTime(delivery.attemptedAt),
    ended_at: optionalTime(delivery.endedAt),
  };
}
