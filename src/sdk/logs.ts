import { apiError } from './api-error.ts';
import { followEvents, type StreamOptions } from './follow-events.ts';
import type { CallOptions, Http, Pause } from './http.ts';
import type { LogEntry, LogFilter, LogQuery } from './log-entry.ts';
import { listPages, type Paged } from './page.ts';
import { readTimeline, type Timeline, type TimelineOptions } from './read-timeline.ts';

/** A value and how many entries have it. */
export interface LogFacet {
  readonly value: string;
  readonly count: number;
}

export interface LogFacets {
  /** How many entries were counted. */
  readonly counted: number;
  /** False when more match; the counts are then of the newest. */
  readonly complete: boolean;
  /** The most frequent values first. */
  readonly facets: Readonly<
    Record<'type' | 'verdict' | 'action' | 'tool' | 'subject' | 'session' | 'principal', readonly LogFacet[]>
  >;
}

export interface LogExport extends LogFilter {
  readonly format: 'ndjson' | 'csv' | 'cef';
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
  /** Counts what the newest matching entries are about. */
  facets(filter?: LogFilter, options?: CallOptions): Promise<LogFacets>;
  /**
   * Every matching entry, oldest first, in UTF-8, as it comes: lines of JSON, CSV (RFC 4180) or CEF. A transfer that is
   * cut off fails. The timeout does not bound the body; `signal` does.
   */
  export(query: LogExport, options?: CallOptions): Promise<ReadableStream<Uint8Array>>;
  /** What happened, told by calls and approvals; each is told whole, also what of it lies outside the asked time. */
  timeline(filter?: LogFilter, options?: TimelineOptions): Promise<Timeline>;
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

  const query: LogsResource['query'] = (asked = {}, options) =>
    listPages<LogEntry, LogEntry>(http, {
      path: '/v1/logs',
      query: { ...asked },
      fromWire: (entry) => entry,
      options,
    });

  return {
    query,
    stream,
    async facets(filter = {}, options) {
      const call = { method: 'GET', path: '/v1/logs/facets', query: { ...filter }, options } as const;
      return (await http.json<LogFacets>(call)).body;
    },
    export: (asked, options) =>
      http.stream({
        method: 'GET',
        path: '/v1/logs/export',
        query: { ...asked },
        headers: { accept: '*/*' },
        options,
      }),
    timeline: (filter, options) => readTimeline(query, filter, options),
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
