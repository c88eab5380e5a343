import type { JsonObject } from '../core/json.ts';
import type { DownstreamOutcome } from '../downstream/catalog.ts';

/** An agent's request, as far as a span may tell of it: never its arguments. */
export interface ServedRequest {
  readonly method: string;
  /** Of a call: the tool, if there is such a tool. */
  readonly tool: string | undefined;
  /** `ses_…`. */
  readonly session: string;
  /** Holds the trace context of the agent (W3C Trace Context) as `traceparent` and `tracestate`. */
  readonly meta: JsonObject | undefined;
}

/** A message to a server, in the same way. */
export interface SentRequest {
  readonly server: string;
  readonly method: string;
  readonly tool: string | undefined;
  readonly meta: JsonObject | undefined;
}

/** What became of a call, as far as a span tells of it. */
export interface FoundOutcome {
  readonly kind: string;
  /** Why it was refused. */
  readonly code?: string;
  /** What holds it, and whether this call has made it. */
  readonly approval?: { readonly id: string };
  readonly created?: boolean;
}

/** Told of what passes through, where somebody traces. No method throws by itself. */
export interface Tracing {
  /** Runs what serves a request. */
  serve<T extends { readonly kind: 'result' } | { readonly kind: 'error'; readonly error: { code: number } }>(
    served: ServedRequest,
    run: () => Promise<T>,
  ): Promise<T>;
  /** What became of the call that is being served. */
  found(outcome: FoundOutcome): void;
  /** Runs what sends; `meta` takes the place of the request's own, and tells the server the trace that it is part of. */
  send(
    sent: SentRequest,
    go: (meta: JsonObject | undefined) => Promise<DownstreamOutcome>,
  ): Promise<DownstreamOutcome>;
  /** Somebody has decided. */
  decided(decided: { readonly approval: string; readonly tool: string; readonly state: string }): void;
}
