import { toRfc3339 } from '../../core/clock.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Entry } from '../entry.ts';
import { verdictOf } from '../verdict.ts';
import { signedReason, toolOf } from '../words.ts';

/** An entry as readers are given it. */
export interface ShownEntry {
  readonly seq: number;
  /** RFC 3339. */
  readonly ts: string;
  readonly type: string;
  readonly ref: Record<string, string>;
  readonly body: JsonObject;
}

export function showEntry(entry: Entry): ShownEntry {
  return {
    seq: entry.seq,
    ts: toRfc3339(entry.ts),
    type: entry.type,
    ref: { ...entry.ref } as Record<string, string>,
    body: entry.body,
  };
}

/** What one line about an entry has a place for; '' where the entry says nothing of it. */
export interface EntryFacts {
  readonly verdict: string;
  readonly tool: string;
  readonly rule: string;
  readonly reason: string;
  /** How a call, approval or job ended, or what was decided. */
  readonly outcome: string;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function outcomeOf({ body }: Entry): string {
  if (body.is_error === true) return 'tool_error';
  return textOf(body.state) || textOf(body.decision) || textOf(body.kind) || textOf(body.answer);
}

export function factsOf(entry: Entry): EntryFacts {
  const { type, ref, body } = entry;
  const reason = type === 'approval.decided' ? signedReason(body) : textOf(body.reason);
  const isEnd = /\.(?:outcome|ended|resolved|decided|asked|late_result)$/.test(type);
  return {
    verdict: verdictOf(entry) ?? '',
    tool: toolOf(ref.action ?? '') ?? '',
    rule: textOf(body.rule),
    reason: reason ?? '',
    outcome: isEnd ? outcomeOf(entry) : '',
  };
}
