import { OpenAPIHono } from '@hono/zod-openapi';
import { CountersignError, isCountersignError } from '../core/errors.ts';
import { cookieName } from '../principals/web/web-session.ts';
import { accessRequestProblem } from './access-task.ts';
import { admit, isSafe } from './authenticate.ts';
import { checkBody, notJson } from './body.ts';
import type { Api, ApiContext, ApiDeps, ApiEnv } from './context.ts';
import { fieldProblems, fieldsText, type Issue } from './fields.ts';
import { createAnswerOnce } from './idempotency/answer-once.ts';
import { allowedMethods } from './methods.ts';
import { createOpenStreams } from './open-streams.ts';
import { methodProblem, type Problem, problemOf } from './problem.ts';
import { addAccessRoutes } from './routes/access.ts';
import { addAccessRequestRoutes } from './routes/access-requests.ts';
import { addActionRoutes } from './routes/actions.ts';
import { addActRoutes } from './routes/acts.ts';
import { addApprovalContextRoutes } from './routes/approval-context.ts';
import { addApprovalRoutes } from './routes/approvals.ts';
import { addApproverRoutes } from './routes/approvers.ts';
import { addBatchRoutes } from './routes/batches.ts';
import { addCapabilityRoutes } from './routes/capabilities.ts';
import { addChannelRoutes } from './routes/channels.ts';
import { addDecisionRoutes } from './routes/decisions.ts';
import { addDiagnosticsRoutes } from './routes/diagnostics.ts';
import { addExportRoutes } from './routes/export.ts';
import { addGuideRoutes } from './routes/guide.ts';
import { addHealthRoutes } from './routes/health.ts';
import { addJobRoutes } from './routes/jobs.ts';
import { addKeyRoutes } from './routes/keys.ts';
import { addLedgerRoutes } from './routes/ledger.ts';
import { addLogRoutes } from './routes/logs.ts';
import { addOauthRoutes } from './routes/oauth.ts';
import { addOauthConsentRoutes } from './routes/oauth-consent.ts';
import { addOauthMetadataRoutes } from './routes/oauth-metadata.ts';
import { addOauthRegisterRoutes } from './routes/oauth-register.ts';
import { addOverviewRoutes } from './routes/overview.ts';
import { addPolicyRoutes } from './routes/policies.ts';
import { addRecordedPolicyRoutes } from './routes/policies-recorded.ts';
import { addPushRoutes } from './routes/push.ts';
import { addRedactRoutes } from './routes/redact.ts';
import { addReferenceRoutes } from './routes/reference.ts';
import { addRevealRoutes } from './routes/reveal.ts';
import { addServerLoginRoutes } from './routes/server-logins.ts';
import { addServerRoutes } from './routes/servers.ts';
import { addServiceAccountRoutes } from './routes/service-accounts.ts';
import { addSessionRoutes } from './routes/sessions.ts';
import { addTileRoutes } from './routes/tiles.ts';
import { addWebauthnRoutes } from './routes/webauthn.ts';
import { addWebhookRoutes } from './routes/webhooks.ts';
import { addWitnessRoutes } from './routes/witnesses.ts';

const ACCESS_REQUESTS = /^\/access\/v1\/requests(?:\/|$)/;

function send(c: ApiContext, problem: Problem): Response {
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  };
  if (problem.status === 401) {
    const isProof = problem.fields?.[0]?.field === 'DPoP';
    headers['www-authenticate'] = isProof
      ? 'DPoP error="invalid_dpop_proof", algs="ES256 EdDSA Ed25519"'
      : 'Bearer';
  }
  return c.body(JSON.stringify(problem), problem.status as 500, headers);
}

function refuse(c: ApiContext, deps: ApiDeps, error: unknown): Response {
  const found = problemOf(error, c.get('requestId'));
  const problem = ACCESS_REQUESTS.test(c.req.path) ? accessRequestProblem(found) : found;
  if (problem.status >= 500) deps.log.error({ err: error, request: problem.request_id }, 'a request failed');
  return send(c, problem);
}

/** The id that an AuthZEN client gave its request, which comes back in the answer (Authorization API 1.0, §10.1.3). */
function echoedId(c: ApiContext): string | undefined {
  const given = c.req.path.startsWith('/access/') ? c.req.header('x-request-id') : undefined;
  return given !== undefined && /^[\x21-\x7e]{1,200}$/.test(given) ? given : undefined;
}

function invalid(issues: readonly Issue[]): CountersignError {
  const fields = fieldProblems(issues);
  return new CountersignError('invalid_request', fieldsText(fields), { fields });
}

/** Throws `invalid_request` for an address with a NUL, which no name here has and no database keeps. */
function refuseNul(c: ApiContext): void {
  if (!c.req.url.includes('%00')) return;
  const [field = 'path'] = Object.entries(c.req.query()).find(([, value]) => value.includes('\0')) ?? [];
  const expected = 'text without NUL';
  throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
    fields: [{ field, expected }],
  });
}

/** The REST API under /v1, with its OpenAPI 3.1 document, and the health endpoints. */
export function createApi(deps: ApiDeps): Api {
  const api: Api = new OpenAPIHono<ApiEnv>({
    defaultHook: (result, c) =>
      result.success ? undefined : refuse(c as ApiContext, deps, invalid(result.error.issues as Issue[])),
  });

  api.use('*', async (c, next) => {
    c.set('requestId', deps.newId('req'));
    c.header('x-request-id', echoedId(c) ?? c.get('requestId'));
    c.header('cache-control', 'no-store');
    c.header('x-content-type-options', 'nosniff');
    refuseNul(c);
    await next();
  });
  const answerOnce = createAnswerOnce(deps);
  for (const path of ['/v1/*', '/access/*']) {
    api.use(path, async (c, next) => {
      await admit(deps, c);
      if (!isSafe(c)) await checkBody(c);
      return path === '/v1/*' ? answerOnce(c, next) : next();
    });
  }
  api.onError((error, c) => {
    // What the framework itself refuses is a media type; the text was parsed before it looks.
    const isMediaType = !isCountersignError(error) && 'status' in error && error.status === 415;
    return refuse(c, deps, isMediaType ? notJson(error) : error);
  });
  api.notFound((c) => {
    const { method, path } = c.req;
    const allowed = allowedMethods(api.routes, path);
    if (allowed.length > 0) {
      c.header('allow', allowed.join(', '));
      return send(c, methodProblem({ method, path, allowed }, c.get('requestId')));
    }
    const detail = `There is nothing at ${method} ${path}. GET /v1/openapi.json lists what there is.`;
    return refuse(c, deps, new CountersignError('not_found', detail));
  });

  const streams = createOpenStreams();
  addSessionRoutes(api, deps);
  addApprovalRoutes(api, deps);
  addApprovalContextRoutes(api, deps);
  addActionRoutes(api, deps);
  addDecisionRoutes(api, deps);
  addBatchRoutes(api, deps);
  addRevealRoutes(api, deps);
  addAccessRoutes(api, deps);
  if (deps.accessRequests !== undefined) addAccessRequestRoutes(api, deps, deps.accessRequests);
  addCapabilityRoutes(api, deps);
  addOauthRoutes(api, deps);
  addOauthMetadataRoutes(api, deps);
  addOauthRegisterRoutes(api, deps);
  addOauthConsentRoutes(api, deps);
  addJobRoutes(api, deps, streams);
  addLogRoutes(api, deps, streams);
  addOverviewRoutes(api, deps);
  addLedgerRoutes(api, deps);
  addTileRoutes(api, deps);
  addRedactRoutes(api, deps);
  addExportRoutes(api, deps);
  addServerRoutes(api, deps);
  addServerLoginRoutes(api, deps);
  addPolicyRoutes(api, deps);
  addRecordedPolicyRoutes(api, deps);
  addKeyRoutes(api, deps, streams);
  addActRoutes(api, deps);
  addApproverRoutes(api, deps, streams);
  addServiceAccountRoutes(api, deps);
  addWebauthnRoutes(api, deps, streams);
  addWitnessRoutes(api, deps);
  addWebhookRoutes(api, deps);
  addChannelRoutes(api, deps);
  addPushRoutes(api, deps);
  addHealthRoutes(api, deps);
  addDiagnosticsRoutes(api, deps);
  addGuideRoutes(api, deps.publicOrigin);

  const { openAPIRegistry } = api;
  openAPIRegistry.registerComponent('securitySchemes', 'apiKey', { type: 'http', scheme: 'bearer' });
  openAPIRegistry.registerComponent('securitySchemes', 'signedIn', {
    type: 'apiKey',
    in: 'cookie',
    name: cookieName(deps.principals.party),
  });
  const about = {
    openapi: '3.1.0',
    info: { title: 'Countersign', version: deps.version, description: 'Approvals for what AI agents do.' },
    servers: [{ url: deps.publicOrigin }],
    security: [{ apiKey: [] }, { signedIn: [] }],
  };
  api.doc31('/v1/openapi.json', about);
  addReferenceRoutes(api, () => api.getOpenAPI31Document(about));
  return api;
}
