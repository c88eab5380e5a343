import { apiError } from './api-error.ts';
import { followEvents, type StreamOptions } from './follow-events.ts';
import type { CallOptions, Http, Pause } from './http.ts';
import { listPages, type Paged, type PageOptions } from './page.ts';

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
  /** `server/tool` of a call, or an operation's own name. */
  readonly action?: string | undefined;
  readonly subject?: string | undefined;
  readonly session?: string | undefined;
  readonly approval?: string | undefined;
  /** `person:…`, `api_key:…`, `service_account:…` or `session:…`. */
  readonly principal?: string | undefined;
  readonly call?: string | undefined;
  readonly type?: string | undefined;
  /** RFC 3339. */
  readonly since?: string | undefined;
  /** RFC 3339. */
  readonly until?: string | undefined;
}

export interface LogQuery extends LogFilter, PageOptions {
  /** Newest first (`desc`) unless told. */
  readonly order?: 'asc' | 'desc' | undefined;
}

export interface LogVerification {
  readonly ok: boolean;
  readonly size: number;
  readonly root: string;
  readonly checkpoint: string | null;
  /** The key that the checkpoint must be signed with, as `name+id+base64`. */
  readonly vkey: string;
  /** The first thing that is wrong, and at which entry. */
  readonly problem: { readonly seq: number; readonly reason: string } | null;
}

interface VerificationWire extends Omit<LogVerification, 'problem'> {
  readonly problem?: LogVerification['problem'];
}

/** What is to be erased: one call (`req_…`), approval (`apr_…`), job (`job_…`) or capability (`cap_…`), or all of an end user. */
export type RedactTarget = { readonly id: string } | { readonly subject: string };

export interface Redaction {
  /** What was erased, by id. */
  readonly redacted: readonly string[];
  /** Approvals and jobs that are still under way: wait or cancel, and redact again. */
  readonly open: readonly string[];
}

export interface RedactOptions extends CallOptions {
  /** Called after every step with all that was erased so far. */
  readonly onProgress?: ((soFar: Redaction) => void) | undefined;
}

export interface LogsResource {
  query(query?: LogQuery, options?: CallOptions): Paged<LogEntry>;
  /** Entries as they are written, each once and in order, across reconnections. */
  stream(filter?: LogFilter, options?: StreamOptions): AsyncIterable<LogEntry>;
  /**
   * Erases arguments, results and tokens for good, step by step until nothing is left of the target; the entries and all
   * proofs stay. Takes an operator's key. What was interrupted is finished by calling it again.
   */
  redact(target: RedactTarget, options?: RedactOptions): Promise<Redaction>;
  /** The newest signed head (C2SP tlog-checkpoint). */
  checkpoint(options?: CallOptions): Promise<string>;
  /** The newest head that a witness has cosigned, with its cosignatures; `not_found` while there is none. */
  cosignedCheckpoint(options?: CallOptions): Promise<string>;
  /** Has the gateway recompute its whole tree against the signed head. */
  verify(options?: CallOptions): Promise<LogVerification>;
}

interface RedactionWire extends Redaction {
  readonly next_cursor: string | null;
}

async function redact(
  http: Http,
  target: RedactTarget,
  { onProgress, ...options }: RedactOptions = {},
): Promise<Redaction> {
  const soFar = { redacted: [] as string[], open: [] as string[] };
  let cursor: string | null = null;
  do {
    const body: object = cursor === null ? target : { ...target, cursor };
    const call = { method: 'POST', path: '/v1/logs/redact', body, options } as const;
    const step: RedactionWire = (await http.json<RedactionWire>(call)).body;
    soFar.redacted.push(...step.redacted);
    soFar.open.push(...step.open);
    onProgress?.(soFar);
    cursor = step.next_cursor;
  } while (cursor !== null);
  return soFar;
}

export interface LogsDeps {
  readonly http: Http;
  readonly pause: Pause;
}

const VERIFY_TIMEOUT_MS = 10 * 60_000;

function entryOf(data: string): LogEntry {
  const value = JSON.parse(data) as LogEntry;
  if (typeof value.seq !== 'number') {
    throw apiError({ code: 'bad_response', message: 'An event of the log stream is not an entry.' });
  }
  return value;
}

export function createLogs({ http, pause }: LogsDeps): LogsResource {
  async function* stream(
    filter: LogFilter = {},
    options: StreamOptions = {},
  ): AsyncGenerator<LogEntry, void, undefined> {
    let lastSeq = options.after ?? -1;
    const from = { path: '/v1/logs/stream', query: { ...filter } };
    for await (const event of followEvents({ http, pause }, from, options)) {
      if (event.event !== 'entry') continue;
      const entry = entryOf(event.data);
      if (entry.seq <= lastSeq) continue;
      lastSeq = entry.seq;
      yield entry;
    }
  }

  function head(query: { cosigned?: 'true' }, options: CallOptions | undefined): Promise<string> {
    const headers = { accept: 'text/plain' };
    return http.text({ method: 'GET', path: '/v1/logs/checkpoint', query, headers, options });
  }

  return {
    query: (query = {}, options) =>
      listPages<LogEntry, LogEntry>(http, {
        path: '/v1/logs',
        query: { ...query },
        fromWire: (entry) => entry,
        options,
      }),
    stream,
    redact: (target, options) => redact(http, target, options),
    checkpoint: (options) => head({}, options),
    cosignedCheckpoint: (options) => head({ cosigned: 'true' }, options),
    async verify(options) {
      const { body } = await http.json<VerificationWire>({
        method: 'GET',
        path: '/v1/logs/verify',
        options: { timeoutMs: VERIFY_TIMEOUT_MS, ...options },
      });
      return { ...body, problem: body.problem ?? null };
    },
  };
}
