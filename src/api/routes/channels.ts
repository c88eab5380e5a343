import { createRoute, z } from '@hono/zod-openapi';
import { CHANNEL_KINDS } from '../../notifications/channels/channel.ts';
import type { ChannelStanding } from '../../notifications/channels/look.ts';
import { RISKS } from '../approval-body.ts';
import { type Api, type ApiDeps, requireAny, requireSignedIn } from '../context.ts';
import { answers, idParam, jsonBody, wholeList } from '../openapi.ts';
import { trialBody, trialSchema } from '../trial-body.ts';

const channelSchema = z
  .object({
    name: z.string(),
    type: z.enum(CHANNEL_KINDS),
    when: z.object({
      risk: z.array(z.enum(RISKS)).nullable(),
      groups: z.array(z.string()).nullable(),
      tools: z.array(z.string()).nullable(),
    }),
    digest_ms: z.number().int(),
    quiet: z.object({ from: z.string(), to: z.string(), zone: z.string() }).nullable(),
    per_agent: z.number().int(),
    remind_ms: z.number().int().nullable(),
    devices: z.number().int().nullable(),
    gathered: z.number().int(),
    pending: z.number().int(),
    dead: z.number().int(),
    last_error: z.string().nullable(),
  })
  .openapi('Channel');

const timeOfDay = (minute: number): string =>
  [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':');

const listOrNull = <T>(list: readonly T[] | undefined): T[] | null => (list === undefined ? null : [...list]);

/** Where a channel leads is a secret of most kinds and stays in the configuration. */
function channelBody(standing: ChannelStanding): z.infer<typeof channelSchema> {
  const { channel, devices = null, gathered, pending, dead, lastError = null } = standing;
  const { when, quiet } = channel;
  return {
    name: channel.name,
    type: channel.target.kind,
    when: { risk: listOrNull(when.risk), groups: listOrNull(when.groups), tools: listOrNull(when.tools) },
    digest_ms: channel.digestMs,
    quiet:
      quiet === undefined
        ? null
        : { from: timeOfDay(quiet.fromMinute), to: timeOfDay(quiet.toMinute), zone: quiet.zone },
    per_agent: channel.perAgent,
    remind_ms: channel.remindMs ?? null,
    devices,
    gathered,
    pending,
    dead,
    last_error: lastError,
  };
}

/** The channels of the configuration, and what their links need. */
export function addChannelRoutes(api: Api, { toPeople }: ApiDeps): void {
  const { channels, isDenyLink } = toPeople;

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/channels',
      tags: ['channels'],
      summary: 'List the configured channels, with what waits and what was given up',
      responses: answers(wholeList(channelSchema)),
    }),
    async (c) => {
      requireAny(c, ['operator']);
      const data = (await channels.list()).map(channelBody);
      return c.json({ data, next_cursor: null, has_more: false as const }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/channels/{name}/test',
      tags: ['channels'],
      summary: 'Send a message that tells of nothing at once, and say what came back',
      request: {
        params: z.object({ name: z.string().min(1).max(100) }),
        body: jsonBody(z.strictObject({})),
      },
      responses: answers(trialSchema),
    }),
    async (c) => {
      requireAny(c, ['operator']);
      return c.json(trialBody(await channels.test(c.req.valid('param').name)), 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/approvals/{id}/deny-link',
      tags: ['channels'],
      summary: 'Whether this gateway made a link that opens the dialog to deny; it decides nothing',
      request: { params: idParam, query: z.strictObject({ signature: z.string().min(1).max(100) }) },
      responses: answers(z.object({ id: z.string(), valid: z.boolean() })),
    }),
    (c) => {
      requireSignedIn(c);
      const { id } = c.req.valid('param');
      const { signature } = c.req.valid('query');
      return c.json({ id, valid: isDenyLink({ approval: id, signature }) }, 200);
    },
  );
}
