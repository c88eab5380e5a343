import { OpenAPIHono } from '@hono/zod-openapi';
import { CountersignError, isCountersignError } from '../core/errors.ts';
import { decodeUtf8, parseStrict } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import { authenticateKey } from '../principals/keys.ts';
import type { Principal } from '../principals/principal.ts';
import { authenticateWeb } from '../principals/web/sign-in.ts';
import { readSessionCookie } from '../principals/web/web-session.ts';
import type { Api, ApiContext, ApiDeps, ApiEnv } from './context.ts';
import { problemOf } from './problem.ts';
import { addApprovalRoutes } from './routes/approvals.ts';
import { addApproverRoutes } from './routes/approvers.ts';
import { addDecisionRoutes } from './routes/decisions.ts';
import { addKeyRoutes } from './routes/keys.ts';
import { addLogRoutes } from './routes/logs.ts';
import { addPolicyRoutes } from './routes/policies.ts';
import { addServerRoutes } from './routes/servers.ts';
import { addSessionRoutes } from './routes/sessions.ts';
import { addWebauthnRoutes } from './routes/webauthn.ts';

const CSRF_HEADER = 'x-countersign-csrf';
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** An API key in the header, else a signed-in person's cookie, else nobody. A bad key is refused, not ignored. */
async function authenticate(deps: ApiDeps, c: ApiContext): Promise<Principal | undefined> {
  const header = c.req.header('authorization');
  if (header !== undefined) {
    const token = /^bearer (.+)$/i.exec(header)?.[1]?.trim();
    const key = token === undefined ? undefined : await authenticateKey(deps.principals, token);
    if (key === undefined)
      throw new CountersignError('unauthenticated', 'The API key is malformed, unknown or revoked.');
    return key;
  }
  const token = readSessionCookie(deps.principals.party, c.req.header('cookie'));
  if (token === undefined) return undefined;
  const person = await authenticateWeb(deps.principals, token);
  if (person !== undefined && !SAFE_METHODS.has(c.req.method) && c.req.header(CSRF_HEADER) !== '1') {
    throw new CountersignError(
      'forbidden',
      `A request that changes something from a browser needs the header ${CSRF_HEADER}: 1.`,
    );
  }
  return person;
}

/** Reads the body once under the limit and refuses JSON that is not strict; the validators then read the same text. */
async function checkBody(c: ApiContext): Promise<void> {
  if (SAFE_METHODS.has(c.req.method)) return;
  if (Number(c.req.header('content-length') ?? 0) > LIMITS.messageBytes) {
    throw new CountersignError('payload_too_large', `The body is larger than ${LIMITS.messageBytes} bytes.`);
  }
  const bytes = new Uint8Array(await c.req.arrayBuffer());
  if (bytes.length > LIMITS.messageBytes)
    throw new CountersignError('payload_too_large', `The body is larger than ${LIMITS.messageBytes} bytes.`);
  if (bytes.length === 0) return;
  if (!/^application\/json\s*(?:;|$)/i.test(c.req.header('content-type') ?? '')) {
    throw new CountersignError('invalid_request', 'Content-Type: expected application/json', {
      fields: [{ field: 'Content-Type', expected: 'application/json' }],
    });
  }
  parseStrict(decodeUtf8(bytes));
}

function problemResponse(c: ApiContext, deps: ApiDeps, error: unknown): Response {
  const problem = problemOf(error, c.get('requestId'));
  if (problem.status >= 500) deps.log.error({ err: error, request: problem.request_id }, 'a request failed');
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  };
  if (problem.status === 401) headers['www-authenticate'] = 'Bearer';
  return c.body(JSON.stringify(problem), problem.status as 500, headers);
}

/** The REST API under /v1, with its OpenAPI 3.1 document, and the health endpoints. */
export function createApi(deps: ApiDeps): Api {
  const api: Api = new OpenAPIHono<ApiEnv>({
    defaultHook: (result, c) => {
      if (result.success) return undefined;
      const fields = result.error.issues.map((issue) => ({
        field: issue.path.join('.') || 'body',
        expected: issue.message,
      }));
      const detail = fields.map(({ field, expected }) => `${field}: ${expected}`).join('; ');
      return problemResponse(
        c as ApiContext,
        deps,
        new CountersignError('invalid_request', detail, { fields }),
      );
    },
  });

  api.use('*', async (c, next) => {
    c.set('requestId', deps.newId('req'));
    c.header('x-request-id', c.get('requestId'));
    c.header('cache-control', 'no-store');
    c.header('x-content-type-options', 'nosniff');
    await next();
  });
  api.use('/v1/*', async (c, next) => {
    c.set('principal', await authenticate(deps, c));
    await checkBody(c);
    await next();
  });
  api.onError((error, c) => {
    const isBadJson = !isCountersignError(error) && 'status' in error && error.status === 400;
    return problemResponse(c, deps, isBadJson ? new CountersignError('invalid_json', error.message) : error);
  });
  api.notFound((c) =>
    problemResponse(
      c,
      deps,
      new CountersignError('not_found', `There is nothing at ${c.req.method} ${c.req.path}.`),
    ),
  );

  addSessionRoutes(api, deps);
  addApprovalRoutes(api, deps);
  addDecisionRoutes(api, deps);
  addLogRoutes(api, deps);
  addServerRoutes(api, deps);
  addPolicyRoutes(api, deps);
  addKeyRoutes(api, deps);
  addApproverRoutes(api, deps);
  addWebauthnRoutes(api, deps);

  api.get('/healthz', (c) => c.json({ status: 'ok' }));
  api.get('/readyz', (c) =>
    deps.isReady() ? c.json({ status: 'ready' }) : c.json({ status: 'starting' }, 503),
  );
  api.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', { type: 'http', scheme: 'bearer' });
  api.doc31('/v1/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'Countersign', version: deps.version, description: 'Approvals for what AI agents do.' },
    servers: [{ url: deps.publicOrigin }],
    security: [{ apiKey: [] }],
  });
  return api;
}
