import { createRoute, z } from '@hono/zod-openapi';
import { toRfc3339 } from '../../core/clock.ts';
import { sha256Hex } from '../../core/digest.ts';
import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { PersonPrincipal } from '../../principals/principal.ts';
import { readSessionCookie } from '../../principals/web/web-session.ts';
import { allowRequest, denyRequest } from '../../sessions/oauth/answer-request.ts';
import { checkRequest } from '../../sessions/oauth/check-request.ts';
import { resourceOf } from '../../sessions/oauth/deps.ts';
import { redirectTarget } from '../../sessions/oauth/redirect.ts';
import type { Consenter } from '../../sessions/oauth/sealed-consent.ts';
import { type Api, type ApiContext, type ApiDeps, requireSignedIn } from '../context.ts';
import { answers, jsonBody } from '../openapi.ts';
import { subjectOf } from '../own-subject.ts';

const QUERY_CHARACTERS = 16_384;

const requestSchema = z
  .object({
    kind: z.enum(['ask', 'refused']),
    client: z.object({
      id: z.string(),
      kind: z.enum(['document', 'registered']),
      name: z.string().nullable(),
      uri: z.string().nullable(),
      verified_host: z.string().nullable(),
    }),
    redirect: z.object({ kind: z.enum(['web', 'loopback', 'application']), name: z.string() }),
    resource: z.string(),
    subject: z.string(),
    consent: z.string().optional(),
    expires_at: z.string().optional(),
    servers: z.array(z.object({ server: z.string(), tools: z.array(z.string()) })).optional(),
    error: z.string().optional(),
    why: z.string().optional(),
    return_to: z.string().optional(),
  })
  .openapi('AuthorizationRequest');

const consentBody = z.strictObject({
  consent: z.string().max(QUERY_CHARACTERS),
  decision: z.enum(['allow', 'deny']),
  tools: z.array(z.string()).optional(),
  ttl_ms: z.number().optional(),
  labels: z.record(z.string(), z.string()).optional(),
});

const redirectSchema = z.object({ redirect_to: z.string() }).openapi('AuthorizationAnswer');

/** The person, in the browser that their cookie signs in. Throws `forbidden` for anybody else. */
function consenter(deps: ApiDeps, c: ApiContext): { person: PersonPrincipal; by: Consenter } {
  const person = requireSignedIn(c);
  const cookie = readSessionCookie(deps.principals.party, c.req.header('cookie'));
  if (cookie === undefined)
    throw new CountersignError('forbidden', 'Only the dashboard of the person who is signed in can do this.');
  return { person, by: { personId: person.id, browser: sha256Hex(cookie) } };
}

function toolsByServer(deps: ApiDeps): { server: string; tools: string[] }[] {
  const servers = new Map<string, string[]>();
  for (const { server, tool } of deps.downstreams.catalog().tools) {
    const tools = servers.get(server);
    if (tools === undefined) servers.set(server, [tool]);
    else tools.push(tool);
  }
  return [...servers].map(([server, tools]) => ({ server, tools }));
}

/** What a person is asked by the page of the authorization endpoint, and what they answer. */
export function addOauthConsentRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/oauth/requests',
      tags: ['oauth'],
      summary: 'Check what an application asks the person who is signed in for',
      request: { body: jsonBody(z.strictObject({ query: z.string().max(QUERY_CHARACTERS) })) },
      responses: answers(requestSchema),
    }),
    async (c) => {
      const { person, by } = consenter(deps, c);
      const found = await checkRequest(deps.oauth, { query: c.req.valid('json').query, by });
      const { id, kind, name, uri } = found.client;
      const shown = {
        client: {
          id,
          kind,
          name: name ?? null,
          uri: uri ?? null,
          verified_host: kind === 'document' ? new URL(id).host : null,
        },
        redirect: redirectTarget(found.redirectUri),
        resource: resourceOf(deps.oauth),
        subject: await subjectOf(deps, person),
      };
      if (found.kind === 'refused') {
        const { error, why, returnTo } = found;
        return c.json({ ...shown, kind: 'refused' as const, error, why, return_to: returnTo }, 200);
      }
      const { consent, expiresAt } = found;
      const ask = { consent, expires_at: toRfc3339(expiresAt), servers: toolsByServer(deps) };
      return c.json({ ...shown, kind: 'ask' as const, ...ask }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/oauth/consents',
      tags: ['oauth'],
      summary: 'Let an application connect with a session of this scope and lifetime, or refuse it',
      request: { body: jsonBody(consentBody) },
      responses: answers(redirectSchema),
    }),
    async (c) => {
      const { person, by } = consenter(deps, c);
      const { consent, decision, tools, ttl_ms: ttlMs, labels } = c.req.valid('json');
      if (decision === 'deny') return c.json({ redirect_to: denyRequest(deps.oauth, { consent, by }) }, 200);
      const terms = {
        subject: await subjectOf(deps, person),
        tools: tools ?? [],
        ttlMs: ttlMs ?? LIMITS.sessionTtlDefaultMs,
        labels: labels ?? {},
      };
      return c.json({ redirect_to: await allowRequest(deps.oauth, { consent, by, terms }) }, 200);
    },
  );
}
