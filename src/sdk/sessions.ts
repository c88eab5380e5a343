import { apiError, type CountersignApiError } from './api-error.ts';
import { type CallOptions, type Http, path } from './http.ts';
import { listPages, type Paged, type PageOptions } from './page.ts';

/** A scoped, expiring credential for one agent. Times are RFC 3339. */
export interface Session {
  readonly id: string;
  /** The end user on whose behalf the agent acts. */
  readonly subject: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Scope patterns: `server/tool`, each side with `*`; `!` excludes. */
  readonly tools: readonly string[];
  readonly callCap: number | null;
  readonly calls: number;
  readonly state: 'active' | 'expired' | 'revoked';
  readonly mintedBy: string;
  /** The session that it was narrowed from. */
  readonly parent: string | null;
  /** How many sessions it was narrowed through; 0 for one that was minted. */
  readonly depth: number;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly revokedAt: string | null;
  readonly revokeReason: string | null;
}

/** How an MCP client connects. The token stands in both forms and is shown only once. */
export interface McpAccess {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** For clients that take only a URL. Treat it as a password. */
  readonly secretUrl: string;
}

export interface MintedSession extends Session {
  readonly mcp: McpAccess;
}

export interface MintInput {
  /** How long it lives; 1 hour unless told. */
  readonly ttlMs?: number | undefined;
  /** Scope patterns; everything unless told. */
  readonly tools?: readonly string[] | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** How many calls it may make; no cap unless told. */
  readonly callCap?: number | undefined;
}

/** What a child of a session may do; whatever is left out is as in the parent. */
export interface NarrowInput {
  /** The parent's own token, `cst_…`; no API key is needed. */
  readonly token: string;
  /** Scope patterns, each within one of the parent's. What the parent excludes stays excluded. */
  readonly tools?: readonly string[] | undefined;
  /** No longer than the parent lives on. Whole seconds. */
  readonly ttlMs?: number | undefined;
  /** Taken from what the parent has left, where that has a cap; it must be given then. */
  readonly callCap?: number | undefined;
}

/** A child as the exchange answers it. */
export interface NarrowedSession {
  readonly id: string;
  readonly tools: readonly string[];
  /** RFC 3339. */
  readonly expiresAt: string;
  readonly mcp: McpAccess;
}

export interface SessionFilter extends PageOptions {
  readonly subject?: string | undefined;
  readonly state?: Session['state'] | undefined;
  /** Only this session and those that were narrowed from it, whatever their depth. */
  readonly tree?: string | undefined;
}

export interface SessionsResource {
  /** Makes a session. Who is signed in as a person makes them only for their own agents; another `subject` is `forbidden`. */
  mint(
    input: MintInput & { readonly subject?: string | undefined },
    options?: CallOptions,
  ): Promise<MintedSession>;
  /** Makes a child of a session by that session's own token; no API key is needed, and none is sent. */
  narrow(input: NarrowInput, options?: CallOptions): Promise<NarrowedSession>;
  list(filter?: SessionFilter, options?: CallOptions): Paged<Session>;
  get(id: string, options?: CallOptions): Promise<Session>;
  /**
   * Ends the session and all that were narrowed from it; their next messages are refused and their open streams close
   * within a second.
   */
  revoke(
    id: string,
    input?: { readonly reason?: string | undefined },
    options?: CallOptions,
  ): Promise<Session>;
}

export interface SessionWire {
  readonly id: string;
  readonly subject: string;
  readonly labels: Session['labels'];
  readonly tools: readonly string[];
  readonly call_cap?: number | null;
  readonly calls: number;
  readonly state: Session['state'];
  readonly minted_by: string;
  readonly parent: string | null;
  readonly depth: number;
  readonly created_at: string;
  readonly expires_at: string;
  readonly revoked_at?: string | null;
  readonly revoke_reason?: string | null;
}

export interface MintedSessionWire extends SessionWire {
  readonly mcp: { readonly url: string; readonly secret_url: string; readonly headers: McpAccess['headers'] };
}

function noTools(): CountersignApiError {
  const expected = 'at least one pattern, or undefined for all that the session may call';
  return apiError({
    code: 'invalid_request',
    message: `tools: expected ${expected}`,
    fields: [{ field: 'tools', expected }],
  });
}

interface NarrowedWire {
  readonly session: string;
  readonly scope: string;
  readonly expires_at: string;
  readonly mcp: MintedSessionWire['mcp'];
}

/** RFC 8693 §2.1. */
const EXCHANGE = {
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token_type: 'urn:countersign:params:oauth:token-type:session',
} as const;

function accessFrom({ url, headers, secret_url: secretUrl }: MintedSessionWire['mcp']): McpAccess {
  return { url, headers, secretUrl };
}

export function sessionFrom(wire: SessionWire): Session {
  return {
    id: wire.id,
    subject: wire.subject,
    labels: wire.labels,
    tools: wire.tools,
    callCap: wire.call_cap ?? null,
    calls: wire.calls,
    state: wire.state,
    mintedBy: wire.minted_by,
    parent: wire.parent,
    depth: wire.depth,
    createdAt: wire.created_at,
    expiresAt: wire.expires_at,
    revokedAt: wire.revoked_at ?? null,
    revokeReason: wire.revoke_reason ?? null,
  };
}

export function createSessions(http: Http): SessionsResource {
  return {
    async mint({ subject, ttlMs, tools, labels, callCap }, options) {
      const { body } = await http.json<MintedSessionWire>({
        method: 'POST',
        path: '/v1/sessions',
        body: { subject, ttl_ms: ttlMs, tools, labels, call_cap: callCap },
        options,
      });
      return { ...sessionFrom(body), mcp: accessFrom(body.mcp) };
    },
    async narrow({ token, tools, ttlMs, callCap }, options) {
      // In a form an empty value counts as none (RFC 6749 §3.2), and none means all that the parent may do.
      if (tools?.length === 0) throw noTools();
      const { body } = await http.json<NarrowedWire>({
        method: 'POST',
        path: '/oauth/token',
        form: {
          ...EXCHANGE,
          subject_token: token,
          scope: tools?.join(' '),
          expires_in: ttlMs === undefined ? undefined : Math.floor(ttlMs / 1_000),
          call_cap: callCap,
        },
        authorization: null,
        options,
      });
      const { session: id, scope, expires_at: expiresAt } = body;
      return { id, tools: scope.split(' '), expiresAt, mcp: accessFrom(body.mcp) };
    },
    list: (filter = {}, options) =>
      listPages<SessionWire, Session>(http, {
        path: '/v1/sessions',
        query: { ...filter },
        fromWire: sessionFrom,
        // Whatever the gateway makes of the filter, nobody else's session is passed on.
        keep: (one) => filter.subject === undefined || one.subject === filter.subject,
        options,
      }),
    async get(id, options) {
      return sessionFrom(
        (await http.json<SessionWire>({ method: 'GET', path: path`/v1/sessions/${id}`, options })).body,
      );
    },
    async revoke(id, input = {}, options) {
      const call = { method: 'POST', path: path`/v1/sessions/${id}/revoke`, body: input, options } as const;
      return sessionFrom((await http.json<SessionWire>(call)).body);
    },
  };
}
