import type { JsonObject } from '../core/json.ts';
import type { DriftReason } from './pin.ts';

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
  readonly state: 'active' | 'quarantined';
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
  readonly tools: number;
  readonly quarantined: number;
  /** Why it is down and when it is tried again; safe to show. */
  readonly problem: string | undefined;
  readonly info: JsonObject | undefined;
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
      readonly kind: 'not_sent';
      readonly code: 'downstream_unavailable' | 'cancelled' | 'tool_quarantined';
      readonly reason: string;
    }
  | { readonly kind: 'unknown'; readonly reason: string };

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
  /**
   * Accepts a changed definition; throws `not_found` or `conflict` when there is none with that hash, or when a lock
   * file decides.
   */
  accept(tool: { server: string; tool: string; hash?: string; by: string }): Promise<void>;
  onEvent(listener: (event: DownstreamEvent) => void): () => void;
  /** Resolves when every server has answered or failed once. */
  ready(): Promise<void>;
  close(): Promise<void>;
}
