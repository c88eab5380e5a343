import { apiError, isCountersignApiError } from './api-error.ts';
import type { CallOptions, Http } from './http.ts';

type Effect = 'allow' | 'hold' | 'deny';

/** A call that the gateway has judged once, by its facts. Times are RFC 3339. */
export interface RecordedCall {
  /** `req_…` or `apr_…`; null for a call that was denied. */
  readonly id: string | null;
  /** Of its entry on the ledger. */
  readonly seq: number;
  readonly at: string;
  readonly kind: 'tool' | 'resource' | 'prompt' | 'action';
  readonly server: string;
  readonly tool: string;
  readonly session: string;
  readonly subject: string;
  readonly effect: Effect;
  /** The rule that decided; null for the default. */
  readonly rule: string | null;
  readonly policyVersion: string;
}

export type CallExample = Pick<RecordedCall, 'id' | 'seq' | 'at' | 'session' | 'subject'>;

export interface VerdictChange {
  readonly from: Effect;
  readonly to: Effect;
  readonly calls: number;
}

/** Which time; the last seven days unless told. RFC 3339, `until` exclusive. */
export interface RecordedRange {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** What rules in shadow mode would have decided otherwise. */
export interface ShadowReport {
  readonly since: string;
  readonly until: string;
  /** How many calls were judged. */
  readonly calls: number;
  /** On how many of them a rule in shadow mode would have changed the verdict. */
  readonly differing: number;
  /** The most frequent first; rules in force that would have changed nothing come last. */
  readonly rules: readonly {
    readonly rule: string;
    /** Where it stands; null when it is no longer in force. */
    readonly file: string | null;
    readonly line: number | null;
    readonly calls: number;
    readonly transitions: readonly VerdictChange[];
    readonly tools: readonly { readonly tool: string; readonly calls: number }[];
    readonly examples: readonly (CallExample & { readonly from: Effect; readonly to: Effect })[];
  }[];
}

export interface ReplayInput extends RecordedRange {
  /** The policy that judges the calls anew: texts by file name. */
  readonly files: Readonly<Record<string, string>>;
}

/** What another policy would have made of recorded calls. */
export interface ReplayReport {
  /** Of the policy that judged them anew. */
  readonly policyVersion: string;
  readonly since: string;
  readonly until: string;
  readonly calls: number;
  /** Older calls of this time that were not looked at; only of a replay that a person asked for. */
  readonly leftOut: number;
  readonly judged: number;
  readonly same: number;
  readonly changed: number;
  /** Calls on which a rule would have read what is no longer there; nothing is said of them. */
  readonly notJudged: {
    readonly erased: number;
    readonly notKept: number;
    readonly definitionUnknown: number;
    /** Counted only where a person asks: the rules in force, or those of then, hide it from people. */
    readonly redacted: number;
  };
  /** What would no longer be stopped comes first. */
  readonly transitions: readonly VerdictChange[];
  readonly changes: readonly (VerdictChange & {
    readonly kind: RecordedCall['kind'];
    readonly server: string;
    readonly tool: string;
    /** The rules that decided; null for a default. */
    readonly rule: { readonly before: string | null; readonly after: string | null };
    readonly examples: readonly CallExample[];
  })[];
  /** Changed calls that no group of `changes` holds, because there are too many. */
  readonly ungrouped: number;
}

export interface ReplayProgress {
  /** Entries of the ledger that were read, of how many. */
  readonly read: number;
  readonly of: number;
  readonly calls: number;
  readonly changed: number;
}

export interface ReplayOptions extends CallOptions {
  readonly onProgress?: ((progress: ReplayProgress) => void) | undefined;
}

export interface RecordedCallWire extends Omit<RecordedCall, 'policyVersion'> {
  readonly policy_version: string;
}

interface ReportWire extends Omit<ReplayReport, 'policyVersion' | 'notJudged' | 'leftOut'> {
  readonly left_out: number;
  readonly policy_version: string;
  readonly not_judged: {
    readonly erased: number;
    readonly not_kept: number;
    readonly definition_unknown: number;
    readonly redacted: number;
  };
}

interface LineWire {
  readonly progress?: ReplayProgress;
  readonly report?: ReportWire;
  readonly problem?: { readonly code: string; readonly detail: string };
}

const SHADOW_TIMEOUT_MS = 10 * 60_000;

export function recordedFromWire({ policy_version: policyVersion, ...call }: RecordedCallWire): RecordedCall {
  return { ...call, policyVersion };
}

function reportFromWire({ policy_version, not_judged, left_out, ...report }: ReportWire): ReplayReport {
  const { erased, not_kept: notKept, definition_unknown: definitionUnknown, redacted } = not_judged;
  return {
    ...report,
    policyVersion: policy_version,
    leftOut: left_out,
    notJudged: { erased, notKept, definitionUnknown, redacted },
  };
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } finally {
    await reader.cancel();
  }
}

function cutOff(cause?: unknown) {
  const message = 'The replay was cut off before its report. Run it again.';
  return apiError({ code: 'bad_response', message, cause });
}

/** See `PoliciesResource.replay`. */
export async function replay(
  http: Http,
  { files, since, until }: ReplayInput,
  { onProgress, ...options }: ReplayOptions = {},
): Promise<ReplayReport> {
  const body = await http.stream({
    method: 'POST',
    path: '/v1/policies/replay',
    body: { files, since, until },
    headers: { accept: 'application/x-ndjson' },
    options,
  });
  try {
    for await (const line of linesOf(body)) {
      const { progress, report, problem } = JSON.parse(line) as LineWire;
      if (problem !== undefined) throw apiError({ code: problem.code, message: problem.detail });
      if (report !== undefined) return reportFromWire(report);
      if (progress !== undefined) onProgress?.(progress);
    }
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason;
    throw isCountersignApiError(error) ? error : cutOff(error);
  }
  throw cutOff();
}

/** See `PoliciesResource.shadow`. */
export async function shadow(
  http: Http,
  { since, until }: RecordedRange = {},
  options?: CallOptions,
): Promise<ShadowReport> {
  const call = { method: 'GET', path: '/v1/policies/shadow', query: { since, until } } as const;
  return (await http.json<ShadowReport>({ ...call, options: { timeoutMs: SHADOW_TIMEOUT_MS, ...options } }))
    .body;
}
