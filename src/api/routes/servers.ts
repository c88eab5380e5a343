import { createRoute, z } from '@hono/zod-openapi';
import { toRfc3339 } from '../../core/clock.ts';
import { CountersignError } from '../../core/errors.ts';
import type { CatalogTool, ServerStatus } from '../../downstream/catalog.ts';
import { principalRef } from '../../principals/principal.ts';
import { type Api, type ApiDeps, requireAny } from '../context.ts';
import { answers, answersTagged, jsonBody, wholeList } from '../openapi.ts';

const serverSchema = z
  .object({
    name: z.string(),
    kind: z.enum(['stdio', 'http', 'sse']),
    state: z.enum(['connecting', 'ready', 'down', 'stopped']),
    era: z.enum(['legacy', 'modern']).nullable(),
    tools: z.number(),
    quarantined: z.number(),
    refused: z.number(),
    problem: z.string().nullable(),
  })
  .openapi('Server');

const toolSchema = z
  .object({
    server: z.string(),
    tool: z.string(),
    exposed: z.string(),
    state: z.enum(['active', 'quarantined', 'refused']),
    hash: z.string(),
    definition: z.record(z.string(), z.any()),
    pinned_definition: z.record(z.string(), z.any()).nullable(),
    pinned_hash: z.string().nullable(),
    refusal: z.object({ by: z.string(), at: z.string(), reason: z.string().nullable() }).nullable(),
  })
  .openapi('Tool');

function show(server: ServerStatus): z.infer<typeof serverSchema> {
  const { name, kind, state, era, tools, quarantined, refused, problem } = server;
  return { name, kind, state, era: era ?? null, tools, quarantined, refused, problem: problem ?? null };
}

function showRefusal({ refusal }: CatalogTool): z.infer<typeof toolSchema>['refusal'] {
  if (refusal === undefined) return null;
  return { by: refusal.by, at: toRfc3339(refusal.at), reason: refusal.reason ?? null };
}

export function addServerRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/servers',
      tags: ['servers'],
      summary: 'The servers behind the gateway and how they are',
      ...answersTagged(wholeList(serverSchema)),
    }),
    (c) => {
      requireAny(c);
      return c.json(
        { data: deps.downstreams.catalog().servers.map(show), next_cursor: null, has_more: false as const },
        200,
      );
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/servers/{name}/tools',
      tags: ['servers'],
      summary: 'A server’s tools, quarantined ones included',
      request: { params: z.object({ name: z.string().max(100) }) },
      ...answersTagged(wholeList(toolSchema)),
    }),
    async (c) => {
      requireAny(c);
      const { name } = c.req.valid('param');
      const catalog = deps.downstreams.catalog();
      if (!catalog.servers.some((server) => server.name === name)) {
        throw new CountersignError(
          'not_found',
          `There is no server ${name}. List the servers to see which exist.`,
        );
      }
      const pins = new Map((await deps.pins(name)).map((pin) => [pin.tool, pin]));
      const data = catalog.tools
        .filter((tool) => tool.server === name)
        .map(
          (tool): z.infer<typeof toolSchema> => ({
            server: tool.server,
            tool: tool.tool,
            exposed: tool.exposed,
            state: tool.state,
            hash: tool.hash,
            definition: tool.definition,
            pinned_definition: pins.get(tool.tool)?.definition ?? null,
            pinned_hash: pins.get(tool.tool)?.hash ?? null,
            refusal: showRefusal(tool),
          }),
        );
      return c.json({ data, next_cursor: null, has_more: false as const }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/servers/{name}/tools/{tool}/accept',
      tags: ['servers'],
      summary: 'Accept a changed tool definition',
      request: {
        params: z.object({ name: z.string().max(100), tool: z.string().max(200) }),
        body: jsonBody(z.strictObject({ hash: z.string() })),
      },
      responses: answers(z.object({ server: z.string(), tool: z.string(), hash: z.string() })),
    }),
    async (c) => {
      const by = requireAny(c, ['operator']);
      const { name, tool } = c.req.valid('param');
      const { hash } = c.req.valid('json');
      await deps.downstreams.accept({ server: name, tool, hash, by: principalRef(by) });
      return c.json({ server: name, tool, hash }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/servers/{name}/tools/{tool}/refuse',
      tags: ['servers'],
      summary: 'Refuse a changed tool definition',
      request: {
        params: z.object({ name: z.string().max(100), tool: z.string().max(200) }),
        body: jsonBody(z.strictObject({ hash: z.string(), reason: z.string().min(1).max(500).optional() })),
      },
      responses: answers(z.object({ server: z.string(), tool: z.string(), hash: z.string() })),
    }),
    async (c) => {
      const by = requireAny(c, ['operator']);
      const { name, tool } = c.req.valid('param');
      const { hash, reason } = c.req.valid('json');
      await deps.downstreams.refuse({ server: name, tool, hash, by: principalRef(by), reason });
      return c.json({ server: name, tool, hash }, 200);
    },
  );
}
