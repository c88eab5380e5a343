import type { PageOptions } from './page.ts';

/** One fact on the ledger. `body` holds commitments, never arguments. */
export interface LogEntry {
  readonly seq: number;
  /** RFC 3339. */
  readonly ts: string;
  readonly type: string;
  readonly ref: {
    readonly approval?: string;
    readonly session?: string;
    readonly subject?: string;
    readonly principal?: string;
    readonly call?: string;
    readonly action?: string;
  };
  readonly body: Readonly<Record<string, unknown>>;
}

export interface LogFilter {
  /** `server/tool` of a call, or an operation's own name; a `*` at the end matches any rest. */
  readonly action?: string | undefined;
  /** The tool of a call, on whatever server; a `*` at the end matches any rest. */
  readonly tool?: string | undefined;
  /** What policy found. */
  readonly verdict?: 'allow' | 'deny' | 'hold' | undefined;
  /** `ses_…`, or a label as `name=value`: then all sessions that began with it. */
  readonly agent?: string | undefined;
  readonly subject?: string | undefined;
  readonly session?: string | undefined;
  readonly approval?: string | undefined;
  /** `person:…`, `api_key:…`, `service_account:…` or `session:…`. */
  readonly principal?: string | undefined;
  readonly call?: string | undefined;
  /** A `*` at the end matches any rest. */
  readonly type?: string | undefined;
  /** Words, each of which begins a word of the action, or of a reason, rule or name. */
  readonly text?: string | undefined;
  /** RFC 3339, or a duration before now such as `24h`. */
  readonly since?: string | undefined;
  /** RFC 3339, or a duration before now such as `1h`. */
  readonly until?: string | undefined;
}

export interface LogQuery extends LogFilter, PageOptions {
  /** Newest first (`desc`) unless told. */
  readonly order?: 'asc' | 'desc' | undefined;
}
