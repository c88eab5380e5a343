import type { Clock } from '../core/clock.ts';
import { errorText } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { CatalogTool } from '../downstream/catalog.ts';
import type { Counters } from '../policy/limits.ts';
import type { Effect, PolicyInput, Verdict } from '../policy/verdict.ts';
import type { Session } from '../sessions/session.ts';

/** The compiled policy that applies now. */
export interface PolicyInForce {
  readonly version: string;
  evaluate(input: PolicyInput, counters?: Counters): Verdict;
  record(input: PolicyInput, outcome: { readonly verdict: Verdict; readonly counters: Counters }): void;
  /** Which effects any arguments could have; a list shows what is not certainly denied. */
  possibleEffects(target: { kind: PolicyInput['kind']; server: string; tool: string }): readonly Effect[];
}

export interface JudgeDeps {
  readonly policy: () => PolicyInForce;
  readonly callsOf: (sessionId: string) => number;
  readonly now: Clock;
}

export type Judged =
  | { readonly kind: 'tool'; readonly tool: CatalogTool; readonly args: JsonObject }
  | {
      readonly kind: 'resource' | 'prompt';
      readonly server: string;
      readonly name: string;
      readonly args: JsonObject;
    };

/** What policy sees of a call. Identity is the session's; nothing that the agent says about itself is used. */
export function policyInput(deps: JudgeDeps, session: Session, judged: Judged): PolicyInput {
  const now = deps.now();
  const isTool = judged.kind === 'tool';
  const server = isTool ? judged.tool.server : judged.server;
  const annotations = isTool ? judged.tool.definition.annotations : undefined;
  return {
    kind: judged.kind,
    server,
    tool: isTool ? judged.tool.tool : judged.name,
    args: judged.args,
    annotations:
      typeof annotations === 'object' && annotations !== null && !Array.isArray(annotations)
        ? annotations
        : {},
    session: {
      id: session.id,
      subject: session.subject,
      labels: session.labels,
      ageMs: Math.max(0, now - session.createdAt),
      calls: deps.callsOf(session.id),
    },
    actor: session.subject,
    resource: '',
    risk: '',
    budget: {},
    now,
    history: null,
    metadata: {},
  };
}

/** The denial of what could not be judged. */
export function failedClosed(policy: Pick<PolicyInForce, 'version'>, error: unknown): Verdict {
  return {
    effect: 'deny',
    risk: 'high',
    matched: [],
    reason: `Policy could not be evaluated (${errorText(error)}), so the call is denied. An operator must mend the policy.`,
    readOnly: false,
    parallelIntent: false,
    idempotent: false,
    redact: [],
    shadow: [],
    policyVersion: policy.version,
  };
}

/** The verdict of the policy in force, rate limits left aside. Any failure while judging is a denial. */
export function judge(deps: JudgeDeps, session: Session, judged: Judged): Verdict {
  const policy = deps.policy();
  try {
    return policy.evaluate(policyInput(deps, session, judged));
  } catch (error) {
    return failedClosed(policy, error);
  }
}

/** Judges a new call against the rate limits too, and counts it unless it is denied. */
export function judgeAndCount(
  deps: JudgeDeps & { counters: Counters },
  session: Session,
  judged: Judged,
): Verdict {
  const policy = deps.policy();
  try {
    const input = policyInput(deps, session, judged);
    const verdict = policy.evaluate(input, deps.counters);
    policy.record(input, { verdict, counters: deps.counters });
    return verdict;
  } catch (error) {
    return failedClosed(policy, error);
  }
}
