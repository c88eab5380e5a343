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

export interface SessionFilter extends PageOptions {
  readonly subject?: string | undefined;
  readonly state?: Session['state'] | undefined;
}

export interface SessionsResource {
  mint(
    input: MintInput & { readonly subject?: string | undefined },
    options?: CallOptions,
  ): Promise<MintedSession>;
  list(filter?: SessionFilter, options?: CallOptions): Paged<Session>;
  get(id: string, options?: CallOptions): Promise<Session>;
  /** Ends the session; its next message is refused and its open streams close within a second. */
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
  readonly created_at: string;
  readonly expires_at: string;
  readonly revoked_at?: string | null;
  readonly revoke_reason?: string | null;
}

export interface MintedSessionWire extends SessionWire {
  readonly mcp: { readonly url: string; readonly secret_url: string; readonly headers: McpAccess['headers'] };
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
      const { url, headers, secret_url: secretUrl } = body.mcp;
      return { ...sessionFrom(body), mcp: { url, headers, secretUrl } };
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
