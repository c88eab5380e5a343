import { type CallOptions, type Http, path } from './http.ts';
import { listPages, type Paged, type PageOptions } from './page.ts';

/** A downstream MCP server and how it is. */
export interface Server {
  readonly name: string;
  readonly kind: 'stdio' | 'http' | 'sse';
  readonly state: 'connecting' | 'ready' | 'down' | 'stopped';
  readonly era: 'legacy' | 'modern' | null;
  readonly tools: number;
  readonly quarantined: number;
  readonly problem: string | null;
}

/** A tool as the server offers it now, beside the definition that was pinned when it was first seen or last accepted. */
export interface ServerTool {
  readonly server: string;
  readonly tool: string;
  /** The name that agents see. */
  readonly exposed: string;
  readonly state: 'active' | 'quarantined';
  /** `sha256:` and hex over the canonical definition. It differs from the pinned one while the tool is quarantined. */
  readonly hash: string;
  readonly definition: Readonly<Record<string, unknown>>;
  readonly pinnedHash: string | null;
  readonly pinnedDefinition: Readonly<Record<string, unknown>> | null;
}

export interface ServersResource {
  list(filter?: PageOptions, options?: CallOptions): Paged<Server>;
  tools(server: string, filter?: PageOptions, options?: CallOptions): Paged<ServerTool>;
  /** Accepts the changed definition with exactly this hash. Throws `conflict` when it has changed again. */
  accept(
    input: { readonly server: string; readonly tool: string; readonly hash: string },
    options?: CallOptions,
  ): Promise<void>;
}

interface ServerWire {
  readonly name: string;
  readonly kind: Server['kind'];
  readonly state: Server['state'];
  readonly era?: Server['era'];
  readonly tools: number;
  readonly quarantined: number;
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
}

function serverFrom(wire: ServerWire): Server {
  return {
    name: wire.name,
    kind: wire.kind,
    state: wire.state,
    era: wire.era ?? null,
    tools: wire.tools,
    quarantined: wire.quarantined,
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
  };
}
