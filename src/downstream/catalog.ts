import type { JsonObject, JsonValue } from '../core/json.ts';
import type { DriftReason, PinState, Refusal } from './pin.ts';
import type { ServerTask } from './tasks/task.ts';

/** One tool as agents see it. `definition` is the downstream's own object, untouched but for `name`. */
export interface CatalogTool {
  readonly server: string;
  /** The name that the downstream knows. */
  readonly tool: string;
  /** The name that agents see: the tool's own, or `prefix_tool`. */
  readonly exposed: string;
  readonly definition: JsonObject;
  /** `sha256:` + hex over the canonical downstream definition. */
  readonly hash: string;
  /** It may be listed and called only while it is `active`. */
  readonly state: PinState;
  /** While it is `refused`. */
  readonly refusal?: Refusal | undefined;
}

export interface CatalogItem {
  readonly server: string;
  readonly name: string;
  readonly definition: JsonObject;
}

/** An immutable snapshot of all that the downstreams offer, in deterministic order (server, then name). */
export interface Catalog {
  /** Changes whenever anything below does. */
  readonly version: number;
  readonly tools: readonly CatalogTool[];
  readonly byExposed: ReadonlyMap<string, CatalogTool>;
  readonly resources: readonly CatalogItem[];
  readonly resourceTemplates: readonly CatalogItem[];
  readonly prompts: readonly CatalogItem[];
  readonly servers: readonly ServerStatus[];
}

export interface ServerStatus {
  readonly name: string;
  readonly kind: 'stdio' | 'http' | 'sse';
  readonly state: 'connecting' | 'ready' | 'down' | 'stopped';
  readonly era: 'legacy' | 'modern' | undefined;
  /** Those that may be called. */
  readonly tools: number;
  /** Those that wait for somebody to look at them. */
  readonly quarantined: number;
  /** Those that stay shut because an operator refused what they are now. */
  readonly refused: number;
  /** Why it is down and when it is tried again; safe to show. */
  readonly problem: string | undefined;
  readonly info: JsonObject | undefined;
}

/** What config can relay from a server: its questions, each by kind. Form elicitation and URL elicitation are apart. */
export type RelayKind = 'elicitation' | 'elicitation_url' | 'sampling' | 'roots';

/** A request, or a notification, as one side means it. */
export interface Utterance {
  readonly method: string;
  readonly params: JsonObject;
}

export type ConversationAnswer =
  | { readonly result: JsonObject }
  | { readonly error: { readonly code: number; readonly message: string } };

/** What a server may say to the client of the agent while a request of that agent is under way. */
export interface Conversation {
  /** Whose it is. Two conversations of different sessions are never mistaken for one another. */
  readonly session: string;
  /** What the client can be asked: what it declared, cut down to what config relays for this server. `{}`: nothing. */
  readonly capabilities: JsonObject;
  /** The least level of log messages that the client asked for (2026-07-28). */
  readonly logLevel?: string | undefined;
  /** Asks the client. Never rejects. `signal` fires when nobody waits for the answer any more. */
  ask(request: Utterance, signal: AbortSignal): Promise<ConversationAnswer>;
  /**
   * Passes on a notification that belongs to this request: `notifications/message`, or `notifications/elicitation/complete`
   * for a page that the client was asked to open. Never throws.
   */
  tell(notification: Utterance): void;
}

/** Why nothing was sent, or what is known after something was. Only `not_sent` proves that the downstream saw nothing. */
export type DownstreamOutcome =
  | {
      readonly kind: 'result' /** The result member's JSON text, byte for byte. */;
      readonly raw: string;
      readonly isError: boolean;
    }
  | { readonly kind: 'error' /** The JSON-RPC error member's text. */; readonly raw: string }
  | {
      /** A 2026-07-28 server wants answers first; only when a conversation with capabilities was given. */
      readonly kind: 'input_required' /** The result member's JSON text, byte for byte. */;
      readonly raw: string;
    }
  | {
      readonly kind: 'not_sent';
      readonly code: 'downstream_unavailable' | 'cancelled' | 'tool_quarantined';
      readonly reason: string;
    }
  | { readonly kind: 'unknown'; readonly reason: string }
  | {
      /** The server goes on with it by itself; only when the request said that it may. */
      readonly kind: 'task';
      readonly task: ServerTask;
    };

/** An outcome after which nothing more comes. */
export type FinalOutcome = Exclude<DownstreamOutcome, { kind: 'task' }>;

/** A tool and the hash of its definition. */
export interface JudgedTool {
  readonly tool: string;
  readonly hash: string;
}

export interface DownstreamRequest {
  readonly server: string;
  readonly method: string;
  /** The whole `params` object as JSON text without `_meta`; embedded byte for byte. For tools/call: `{"arguments":…,"name":…}`. */
  readonly paramsText: string;
  /** The definition that a tools/call was judged by: nothing is sent unless its server offers it now, accepted. */
  readonly judged?: JudgedTool;
  /** Asked right before sending, which may have to wait for the server's list of tools. */
  readonly stillAllowed?: (() => boolean) | undefined;
  /** `_meta` members to add (trace context, vendor keys, idempotency key). */
  readonly meta?: JsonObject;
  /** Called for each progress notification, with its params minus the token. Asks the downstream for progress when present. */
  readonly onProgress?: (progress: JsonObject) => void;
  /** Aborting sends the era's cancellation; the outcome is then `unknown` once bytes have left. */
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /**
   * The server may answer a tools/call with a task, or the request is about one: it is told that tasks are understood
   * (2026-07-28), or asked for a task where its tool takes that (2025-11-25).
   */
  readonly tasks?: boolean | undefined;
  /**
   * Whom the server may ask while this request is under way. Without one it is refused whatever it asks, and so is every
   * question on a shared channel meanwhile that names no call.
   */
  readonly conversation?: Conversation | undefined;
  /** The answers that a 2026-07-28 server wanted, and the state that it gave with its questions. */
  readonly retry?: Retry | undefined;
}

/** Members of the params of a repeated request (2026-07-28, multi round-trip requests). */
export interface Retry {
  readonly inputResponses: JsonObject;
  readonly requestState?: JsonValue | undefined;
}

/** What a watch ended in; `release` may be called more than once. */
export type WatchOutcome =
  | { readonly kind: 'watching'; readonly release: () => void }
  | { readonly kind: 'refused'; readonly reason: string };

/** Whether any server that is ready offers it. */
export interface OfferedCapabilities {
  readonly logging: boolean;
  readonly subscribe: boolean;
  readonly completions: boolean;
}

export type DownstreamEvent =
  | { readonly kind: 'catalog'; readonly list: 'tools' | 'resources' | 'prompts' }
  | { readonly kind: 'resource_updated'; readonly server: string; readonly uri: string }
  | {
      readonly kind: 'tool_pinned';
      readonly server: string;
      readonly tool: string;
      readonly hash: string;
    }
  | {
      readonly kind: 'tool_quarantined';
      readonly server: string;
      readonly tool: string;
      readonly hash: string;
      /** The hash that is accepted, if there is one. */
      readonly pinned: string | undefined;
      readonly reason: DriftReason;
    };

/** The servers behind the gateway. Every method may be called at any time; one server's fault never reaches another. */
export interface Downstreams {
  catalog(): Catalog;
  /** Never throws: whatever happens is an outcome. */
  request(request: DownstreamRequest): Promise<DownstreamOutcome>;
  /** Asks a server for its tools again and records what has changed. Never rejects. */
  reread(server: string): Promise<void>;
  /** Connects to a server anew, at once; calls under way end on the connection that they have. Never rejects. */
  reconnect(server: string): Promise<void>;
  /**
   * Accepts a changed definition; throws `not_found` or `conflict` when there is none with that hash, or when a lock
   * file decides.
   */
  accept(tool: { server: string; tool: string; hash?: string; by: string }): Promise<void>;
  /**
   * Refuses a changed definition: its tool stays shut, and this definition is drift no more. Throws `not_found` or
   * `conflict` when there is none with that hash that waits for a review, or when a lock file decides, and
   * `invalid_request` for a reason that cannot be stored.
   */
  refuse(tool: {
    server: string;
    tool: string;
    hash: string;
    by: string;
    reason?: string | undefined;
  }): Promise<void>;
  /** What config relays for this server; nothing for one that is unknown. */
  relays(server: string): readonly RelayKind[];
  /**
   * Has a resource's changes reported as `resource_updated` events, until released. However many watch it, the server
   * holds one subscription, renewed when it was away. Never rejects.
   */
  watch(input: { server: string; uri: string }): Promise<WatchOutcome>;
  /** Tells legacy servers that log the least level that anybody wants; those that connect later are told then. */
  setLogLevel(level: string): void;
  capabilities(): OfferedCapabilities;
  onEvent(listener: (event: DownstreamEvent) => void): () => void;
  /** Resolves when every server has answered or failed once. */
  ready(): Promise<void>;
  close(): Promise<void>;
}
