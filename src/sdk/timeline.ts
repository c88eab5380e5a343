import type { LogEntry } from './log-entry.ts';

/** Somebody's answer to an approval request. */
export interface TimelineDecision {
  /** RFC 3339. */
  readonly at: string;
  /** `person:…` or `service_account:…`. */
  readonly by: string;
  readonly decision: 'approve' | 'deny';
  readonly reason: string | null;
  readonly breakGlass: boolean;
}

/** A call, an approval with all that came of it, or anything else that the ledger tells by itself. */
export interface TimelineItem {
  readonly kind: 'call' | 'approval' | 'event';
  /** RFC 3339, of its first entry. */
  readonly at: string;
  /** `req_…` or `apr_…`; null for other events and for denied calls. */
  readonly id: string | null;
  /** The type of its first entry. */
  readonly type: string;
  readonly action: string | null;
  readonly session: string | null;
  readonly subject: string | null;
  /** Who brought it about. */
  readonly principal: string | null;
  readonly verdict: 'allow' | 'deny' | 'hold' | null;
  readonly rule: string | null;
  readonly risk: string | null;
  /** Why it was denied, ended or became void. */
  readonly reason: string | null;
  readonly decisions: readonly TimelineDecision[];
  /**
   * How it ended: `result`, `tool_error`, `error`, `input_required`, `not_sent` or `unknown` of a call; `succeeded`,
   * `failed`, `unknown`, `denied`, `expired`, `cancelled`, `void`, `approved` or `executing` of an approval; null where
   * nothing is known yet.
   */
  readonly outcome: string | null;
  /** From the request until the last decision, or until it ended without one. */
  readonly waitedMs: number | null;
  /** From when it was sent until its outcome. */
  readonly tookMs: number | null;
  /** Its entries, by their places on the ledger. */
  readonly seqs: readonly number[];
}

type Draft = { -readonly [Name in keyof TimelineItem]: TimelineItem[Name] } & {
  decisions: TimelineDecision[];
  seqs: number[];
};

const ENDS: ReadonlySet<string> = new Set(['denied', 'expired', 'cancelled', 'void']);

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function between(from: string | undefined, to: string): number | null {
  return from === undefined ? null : Math.max(0, Date.parse(to) - Date.parse(from));
}

/** The reason inside a signed statement. */
function signedReason(statement: unknown): string | null {
  if (typeof statement !== 'string') return null;
  try {
    return text((JSON.parse(statement) as { reason?: unknown }).reason);
  } catch {
    return null;
  }
}

/** What belongs together: all of an approval, all of a call. */
export function groupOf({ ref, seq }: LogEntry): string {
  return ref.approval ?? ref.call ?? `#${seq}`;
}

function begin(entry: LogEntry): Draft {
  const { ref, body, type } = entry;
  const isDenied = type === 'call.denied';
  return {
    kind: ref.approval !== undefined ? 'approval' : ref.call !== undefined || isDenied ? 'call' : 'event',
    at: entry.ts,
    id: ref.approval ?? ref.call ?? null,
    type,
    action: ref.action ?? null,
    session: ref.session ?? null,
    subject: ref.subject ?? null,
    principal: ref.principal ?? null,
    verdict: isDenied ? 'deny' : null,
    rule: text(body.rule),
    risk: null,
    reason: text(body.reason),
    decisions: [],
    outcome: null,
    waitedMs: null,
    tookMs: null,
    seqs: [],
  };
}

/** Lets an approval's entry tell on. `at` holds when what was begun. */
function tellApproval(item: Draft, entry: LogEntry, at: { asked?: string; sent?: string }): void {
  const { body, ts, ref } = entry;
  const step = entry.type.slice('approval.'.length);
  item.reason = text(body.reason) ?? item.reason;
  switch (entry.type) {
    case 'approval.requested':
      at.asked = ts;
      item.verdict = body.effect === 'allow' ? 'allow' : 'hold';
      item.risk = text(body.risk);
      break;
    case 'approval.decided':
      item.decisions.push({
        at: ts,
        by: ref.principal ?? '',
        decision: body.decision === 'deny' ? 'deny' : 'approve',
        reason: signedReason(body.statement),
        breakGlass: body.break_glass === true,
      });
      item.waitedMs = between(at.asked, ts);
      break;
    case 'approval.approved':
      item.outcome = step;
      break;
    case 'approval.executing':
      at.sent = ts;
      item.outcome = step;
      break;
    case 'approval.outcome':
    case 'approval.resolved':
      item.outcome = text(body.state);
      item.tookMs ??= between(at.sent, ts);
      break;
    default:
      if (!ENDS.has(step)) break;
      item.outcome = step;
      item.waitedMs ??= between(at.asked, ts);
  }
}

function tellCall(item: Draft, { type, body, ts }: LogEntry, at: { sent?: string }): void {
  if (type === 'call.intent') {
    at.sent = ts;
    item.verdict = 'allow';
  }
  if (type !== 'call.outcome') return;
  item.outcome = body.is_error === true ? 'tool_error' : text(body.kind);
  item.reason = text(body.reason) ?? item.reason;
  item.tookMs = between(at.sent, ts);
}

/** Tells entries, which are in the order of the ledger, by what belongs together, in the order in which it began. */
export function timelineOf(entries: readonly LogEntry[]): TimelineItem[] {
  const groups = new Map<string, { item: Draft; at: { asked?: string; sent?: string } }>();
  for (const entry of entries) {
    const key = groupOf(entry);
    const group = groups.get(key) ?? { item: begin(entry), at: {} };
    groups.set(key, group);
    const { item, at } = group;
    item.seqs.push(entry.seq);
    if (item.kind === 'approval') tellApproval(item, entry, at);
    else if (item.kind === 'call') tellCall(item, entry, at);
  }
  return [...groups.values()].map(({ item }) => item);
}
