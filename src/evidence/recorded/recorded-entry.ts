import { thawCall } from '../../approvals/frozen-call.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { Entry } from '../../ledger/entry.ts';
import type { RecordedCall } from '../../policy/recorded-call.ts';
import type { Effect, PolicyInput, Verdict } from '../../policy/verdict.ts';

/** What stands beside the entry of a judged call, as far as it is still there. */
export interface Sidecars {
  /** The arguments of a live call, as JSON text. */
  readonly args: string | undefined;
  /** Of an approval. `call` is undefined once it was erased. */
  readonly approval: { readonly call: string | undefined; readonly verdict: Verdict } | undefined;
  readonly annotations: JsonObject | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly ageMs: number;
  /** How many calls the session had made before. */
  readonly calls: number;
}

const READ = /^(resource|prompt):([^/]*)\/(.*)$/s;
const TOOL = /^([^/]*)\/(.*)$/s;

/** What a judged call was aimed at, as its entry has it. */
export function targetOf({ ref, type, body }: Entry): RecordedCall['target'] {
  const { action = '', session } = ref;
  const isAction = type === 'approval.requested' ? body.kind === 'action' : session === undefined;
  if (isAction) return { kind: 'action', server: '', tool: action };
  const read = READ.exec(action);
  if (read !== null)
    return { kind: read[1] as 'resource' | 'prompt', server: read[2] ?? '', tool: read[3] ?? '' };
  const tool = TOOL.exec(action);
  return { kind: 'tool', server: tool?.[1] ?? '', tool: tool?.[2] ?? action };
}

/** Whether the call is one of those that a session is said to have made. */
export function countsAsCall(entry: Entry): boolean {
  return entry.type !== 'call.denied' && targetOf(entry).kind === 'tool' && entry.body.own !== true;
}

function effectOf({ type, body }: Entry): Effect {
  if (type === 'call.intent') return 'allow';
  const found = body.effect;
  if (found === 'allow' || found === 'hold') return found;
  return 'deny';
}

function shadowOf(entry: Entry, approval: Sidecars['approval']): RecordedCall['shadow'] {
  const listed = approval?.verdict.shadow ?? (entry.body.shadow as RecordedCall['shadow'] | undefined) ?? [];
  return listed.map(({ rule, effect }) => ({ rule, effect }));
}

function sessionOf(entry: Entry, beside: Sidecars): PolicyInput['session'] {
  const { ref } = entry;
  const subject = ref.subject ?? '';
  // Policy sees the requester of an action where it sees the session of a call.
  if (ref.session === undefined) return { id: ref.principal ?? '', subject, labels: {}, ageMs: 0, calls: 0 };
  const { labels, ageMs, calls } = beside;
  return { id: ref.session, subject, labels, ageMs, calls };
}

type Content = Pick<RecordedCall, 'args' | 'action'>;

function contentOf(entry: Entry, { approval, args }: Sidecars): Content {
  const isAction = targetOf(entry).kind === 'action';
  const gone = (why: 'erased' | 'not_kept'): Content => ({ args: why, action: isAction ? why : undefined });
  if (entry.type === 'approval.requested') {
    if (approval?.call === undefined) return gone('erased');
    const { args: frozen, action, server: resource } = thawCall(approval.call);
    return {
      args: frozen,
      action: action && { resource, risk: action.risk, metadata: action.metadata },
    };
  }
  if (typeof entry.body.arguments !== 'string') return gone('not_kept');
  const value: unknown = args === undefined ? undefined : JSON.parse(args);
  return isJsonObject(value as JsonObject)
    ? { args: value as JsonObject, action: undefined }
    : gone('erased');
}

/** The judged call of an entry (`call.intent`, `call.denied`, `approval.requested`) with what stands beside it. Pure. */
export function recordedCall(entry: Entry, beside: Sidecars): RecordedCall {
  const { ref, body } = entry;
  const target = targetOf(entry);
  return {
    id: ref.approval ?? ref.call,
    seq: entry.seq,
    at: entry.ts,
    target,
    session: sessionOf(entry, beside),
    ...contentOf(entry, beside),
    annotations: target.kind === 'tool' ? beside.annotations : {},
    counts: (target.kind === 'tool' || target.kind === 'action') && body.own !== true,
    found: {
      effect: effectOf(entry),
      rule: typeof body.rule === 'string' || body.rule === null ? body.rule : undefined,
      policy: String(body.policy ?? ''),
    },
    shadow: shadowOf(entry, beside.approval),
    redact: beside.approval?.verdict.redact ?? [],
  };
}
