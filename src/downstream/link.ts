import { CountersignError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Conversation, DownstreamOutcome, Retry } from './catalog.ts';
import type { Credentials } from './oauth/credential.ts';
import type { ServerConfig } from './server-config.ts';

/** One call on a connection, with its time limit decided. */
export interface Call {
  readonly method: string;
  /** The text of the `params` object without `_meta`. */
  readonly paramsText: string;
  readonly meta: JsonObject | undefined;
  readonly onProgress: ((progress: JsonObject) => void) | undefined;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  /** Asked again right before sending by whatever had to wait first. */
  readonly stillAllowed?: (() => boolean) | undefined;
  /** `Mcp-Param-*` headers of this call (2026-07-28, Streamable HTTP). */
  readonly paramHeaders?: Readonly<Record<string, string>>;
  /** Whom the server may ask about this call; undefined for what the gateway itself wants to know. */
  readonly conversation?: Conversation | undefined;
  readonly retry?: Retry | undefined;
  /** A task is understood as an answer. */
  readonly tasks?: boolean | undefined;
}

/** A live, negotiated connection to one server. Once it is down it stays down. */
export interface Link {
  readonly era: 'legacy' | 'modern';
  readonly capabilities: JsonObject;
  readonly info: JsonObject | undefined;
  /** Never rejects. */
  call(call: Call): Promise<DownstreamOutcome>;
  /**
   * Has changes of exactly these resources told, and resolves to those that the server agreed to tell of. Only on a
   * connection of 2026-07-28. Rejects when the server does not agree; what was followed before is still told then.
   */
  readonly follow: ((uris: readonly string[]) => Promise<readonly string[]>) | undefined;
  /** Takes no new calls and stops listening, but lets calls in flight finish where the transport can. */
  retire(): Promise<void>;
  /** Ends the connection and, for a child process, the process. Resolves when nothing of it is left. */
  close(): Promise<void>;
}

export type ListKind = 'tools' | 'resources' | 'prompts';

/** What a connection reports by itself. `down` comes at most once, also for a connection that never got up. */
export interface LinkEvents {
  down(reason: string): void;
  changed(list: ListKind): void;
  resourceUpdated(uri: string): void;
}

/** Timers as a port, so that tests own time. `now` is only compared with itself. */
export interface Timers {
  now(): number;
  after(ms: number, run: () => void): { cancel(): void };
}

/** The diagnostics log; a pino logger fits. Never given arguments, results, headers or environment values. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface OpenLink {
  readonly server: ServerConfig;
  /** Where the gateway's access to a remote server comes from, when its definition has `auth`. */
  readonly credentials?: Credentials | undefined;
  readonly events: LinkEvents;
  readonly timers: Timers;
  readonly log: Log;
  /** What children may inherit; filtered by `childEnvironment`. */
  readonly spawnEnv: Readonly<Record<string, string | undefined>>;
  /** Countersign's own version, told to the server. */
  readonly version: string;
  /** Aborted when the connection is no longer wanted, also while it is being opened. */
  readonly signal: AbortSignal;
  /** A past connection found that this server answers nothing but `initialize`. */
  readonly legacyOnly: boolean;
}

/** The `cause` of an opening that failed because the process ended when it was asked which revision it speaks. */
interface EndedEarly {
  readonly endedEarly: true;
}

export const ENDED_EARLY: EndedEarly = { endedEarly: true };

/** True when a server does not survive the question for its revision, and so knows nothing but `initialize`. */
export function endedEarly(error: unknown): boolean {
  return error instanceof CountersignError && error.cause === ENDED_EARLY;
}
