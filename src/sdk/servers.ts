import { type CallOptions, type Http, path } from './http.ts';
import { listPages, type Paged, type PageOptions } from './page.ts';

/** A downstream MCP server and how it is. */
export interface Server {
  readonly name: string;
  readonly kind: 'stdio' | 'http' | 'sse';
  readonly state: 'connecting' | 'ready' | 'down' | 'stopped';
  readonly era: 'legacy' | 'modern' | null;
  readonly tools: number;
  /** Those that wait for a review; no agent sees them. */
  readonly quarantined: number;
  /** Those whose definition an operator refused; no agent sees them either. */
  readonly refused: number;
  readonly problem: string | null;
}

/** A tool as the server offers it now, beside the definition that was pinned when it was first seen or last accepted. */
export interface ServerTool {
  readonly server: string;
  readonly tool: string;
  /** The name that agents see. */
  readonly exposed: string;
  readonly state: 'active' | 'quarantined' | 'refused';
  /** `sha256:` and hex over the canonical definition. It differs from the pinned one while the tool has drifted. */
  readonly hash: string;
  readonly definition: Readonly<Record<string, unknown>>;
  readonly pinnedHash: string | null;
  readonly pinnedDefinition: Readonly<Record<string, unknown>> | null;
  /** While the state is `refused`: by whom, when (RFC 3339) and why. */
  readonly refusal: {
    readonly by: string;
    readonly at: string;
    readonly reason: string | null;
  } | null;
}

/** Where an operator logs in for the gateway, and until when (RFC 3339). */
export interface ServerLoginBegun {
  readonly server: string;
  readonly authorizationUrl: string;
  readonly expiresAt: string;
}

/** What a login gave the gateway. Its tokens are never shown. */
export interface ServerLogin {
  readonly server: string;
  readonly issuer: string;
  readonly scope: string | null;
  readonly expiresAt: string | null;
  /** Whether the gateway renews it by itself. */
  readonly renewable: boolean;
}

export interface ServersResource {
  list(filter?: PageOptions, options?: CallOptions): Paged<Server>;
  tools(server: string, filter?: PageOptions, options?: CallOptions): Paged<ServerTool>;
  /** Accepts the changed definition with exactly this hash. Throws `conflict` when it has changed again. */
  accept(
    input: { readonly server: string; readonly tool: string; readonly hash: string },
    options?: CallOptions,
  ): Promise<void>;
  /**
   * Refuses the changed definition with exactly this hash, so that it no longer waits for a review. Throws `conflict`
   * when it has changed again, or was refused already.
   */
  refuse(
    input: {
      readonly server: string;
      readonly tool: string;
      readonly hash: string;
      readonly reason?: string | undefined;
    },
    options?: CallOptions,
  ): Promise<void>;
  /** Begins a login at a remote server's authorization server, which sends the browser back to `redirectUri`. */
  login(
    input: { readonly server: string; readonly redirectUri: string },
    options?: CallOptions,
  ): Promise<ServerLoginBegun>;
  /** Ends it with the whole address that the browser was sent back to. It works once. */
  finishLogin(
    input: { readonly server: string; readonly callback: string },
    options?: CallOptions,
  ): Promise<ServerLogin>;
  /** Has the gateway forget what a login gave. Throws `not_found` when there is nothing. */
  logout(server: string, options?: CallOptions): Promise<void>;
}

interface ServerWire {
  readonly name: string;
  readonly kind: Server['kind'];
  readonly state: Server['state'];
  readonly era?: Server['era'];
  readonly tools: number;
  readonly quarantined: number;
  readonly refused?: number;
  readonly problem?: string | null;
}

interface ServerToolWire {
  readonly server: string;
  readonly tool: string;
  readonly exposed: string;
  readonly state: ServerTool['state'];
  readonly hash: string;
  readonly definition: ServerTool['definition'];
  readonly pinned_hash?: string | null;
  readonly pinned_definition?: ServerTool['pinnedDefinition'];
  readonly refusal?: ServerTool['refusal'];
}

function serverFrom(wire: ServerWire): Server {
  return {
    name: wire.name,
    kind: wire.kind,
    state: wire.state,
    era: wire.era ?? null,
    tools: wire.tools,
    quarantined: wire.quarantined,
    refused: wire.refused ?? 0,
    problem: wire.problem ?? null,
  };
}

function toolFrom(wire: ServerToolWire): ServerTool {
  return {
    server: wire.server,
    tool: wire.tool,
    exposed: wire.exposed,
    state: wire.state,
    hash: wire.hash,
    definition: wire.definition,
    pinnedHash: wire.pinned_hash ?? null,
    pinnedDefinition: wire.pinned_definition ?? null,
    refusal: wire.refusal ?? null,
  };
}

export function createServers(http: Http): ServersResource {
  return {
    list: (filter = {}, options) =>
      listPages<ServerWire, Server>(http, {
        path: '/v1/servers',
        query: { ...filter },
        fromWire: serverFrom,
        options,
      }),
    tools: (server, filter = {}, options) =>
      listPages<ServerToolWire, ServerTool>(http, {
        path: path`/v1/servers/${server}/tools`,
        query: { ...filter },
        fromWire: toolFrom,
        options,
      }),
    async accept({ server, tool, hash }, options) {
      const at = path`/v1/servers/${server}/tools/${tool}/accept`;
      await http.json({ method: 'POST', path: at, body: { hash }, options });
    },
    async refuse({ server, tool, hash, reason }, options) {
      const at = path`/v1/servers/${server}/tools/${tool}/refuse`;
      const body = { hash, ...(reason === undefined ? {} : { reason }) };
      await http.json({ method: 'POST', path: at, body, options });
    },
    async login({ server, redirectUri }, options) {
      const at = path`/v1/servers/${server}/login`;
      const call = { method: 'POST', path: at, body: { redirect_uri: redirectUri }, options } as const;
      const { body } = await http.json<{ server: string; authorization_url: string; expires_at: string }>(
        call,
      );
      const { authorization_url: authorizationUrl, expires_at: expiresAt } = body;
      return { server: body.server, authorizationUrl, expiresAt };
    },
    async finishLogin({ server, callback }, options) {
      const at = path`/v1/servers/${server}/login/finish`;
      const call = { method: 'POST', path: at, body: { callback }, options } as const;
      const { body } = await http.json<Omit<ServerLogin, 'expiresAt'> & { expires_at: string | null }>(call);
      const { issuer, scope, expires_at: expiresAt, renewable } = body;
      return { server: body.server, issuer, scope, expiresAt, renewable };
    },
    async logout(server, options) {
      const at = path`/v1/servers/${server}/logout`;
      await http.json({ method: 'POST', path: at, body: {}, options });
    },
  };
}
