import type { JsonObject } from '../core/json.ts';
import type { ServerView } from './assemble.ts';
import type { DownstreamOutcome, DownstreamRequest, WatchOutcome } from './catalog.ts';
import type { ServerConfig } from './server-config.ts';

/** Keeps one server connected, listed and pinned. Its faults end here. */
export interface Supervisor {
  readonly config: ServerConfig;
  view(): ServerView;
  /** What the server says that it can do, while it is ready. */
  capabilities(): JsonObject | undefined;
  /** Never rejects. */
  call(request: Omit<DownstreamRequest, 'server'>): Promise<DownstreamOutcome>;
  /** As `Downstreams.watch`. */
  watch(uri: string): Promise<WatchOutcome>;
  /** As `Downstreams.setLogLevel`. */
  setLogLevel(level: string): void;
  /** Asks for the tools again, and resolves when what has changed is recorded. Never rejects. */
  reread(): Promise<void>;
  /** Connects anew, without the pause that is due after failures. Never rejects. */
  reconnect(): Promise<void>;
  /** Reads the pins again, after one was changed. */
  repin(): Promise<void>;
  /** Resolves when the server has answered or failed once. */
  readonly settled: Promise<void>;
  close(): Promise<void>;
}
