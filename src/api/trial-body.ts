import { z } from '@hono/zod-openapi';
import type { ChannelTrial } from '../notifications/channels/look.ts';

/** What came of a message that only tries whether it arrives. */
export const trialSchema = z
  .object({
    delivered: z.boolean(),
    status: z.number().int().nullable(),
    error: z.string().nullable(),
  })
  .openapi('ChannelTrial');

export function trialBody(trial: ChannelTrial): z.infer<typeof trialSchema> {
  const { delivered, status = null, error = null } = trial;
  return { delivered, status, error };
}
