import { CountersignError } from '../../core/errors.ts';
import { type CompiledPolicy, compilePolicy } from '../../policy/compile.ts';
import { type Explanation, explain } from '../../policy/explain.ts';
import { type RecordedCall, recordedInput, type Unknown, unknownOf } from '../../policy/recorded-call.ts';
import { type RecordedDeps, readRecordedCall } from './read-calls.ts';
import { policyFiles } from './store.ts';

/** By which policy a call is explained: the one that judged it, the one in force, or files. */
export type ExplainBy = 'recorded' | 'in_force' | Readonly<Record<string, string>>;

export interface ExplainedCall extends Explanation {
  readonly call: RecordedCall;
  /** Of the policy that explains it. */
  readonly version: string;
}

export interface ExplainCallDeps extends RecordedDeps {
  readonly inForce: () => CompiledPolicy;
}

const WHY: Readonly<Record<Unknown, string>> = {
  erased: 'its arguments were erased',
  not_kept: 'its arguments were not kept',
  definition_unknown: 'the definition that its tool had then is no longer known',
  redacted: 'its arguments are redacted',
};

async function policyBy(
  deps: ExplainCallDeps,
  { call, by }: { call: RecordedCall; by: ExplainBy },
): Promise<CompiledPolicy> {
  const inForce = deps.inForce();
  if (by === 'in_force' || (by === 'recorded' && inForce.version === call.found.policy)) return inForce;
  const files =
    typeof by === 'object'
      ? by
      : await policyFiles(deps.database, { workspace: deps.workspace, hash: call.found.policy });
  if (files === undefined)
    throw new CountersignError(
      'not_found',
      `The policy that judged ${call.id}, ${call.found.policy}, is not kept here. Explain it by the policy in force.`,
    );
  return compilePolicy(Object.entries(files).map(([name, text]) => ({ name, text })));
}

/**
 * How a policy comes to its verdict on a recorded call, limits left aside. What policy redacts of the call, then or now, is
 * not shown. Throws `not_found` for a call that is not on the ledger, `expired` where a rule reads what is no longer there,
 * `policy_invalid` for files that are no policy.
 */
export async function explainCall(
  deps: ExplainCallDeps,
  { id, by }: { id: string; by: ExplainBy },
): Promise<ExplainedCall> {
  const call = await readRecordedCall(deps, id);
  if (call === undefined)
    throw new CountersignError(
      'not_found',
      `There is no call or approval ${id} on the ledger. An id begins with req_ or apr_; calls that were denied have none.`,
    );
  const policy = await policyBy(deps, { call, by });
  const why = unknownOf(policy, call);
  if (why !== undefined) {
    const rule = call.found.rule == null ? 'the default' : `rule ${call.found.rule}`;
    throw new CountersignError(
      'expired',
      `${id} cannot be explained any more: ${WHY[why]}, and a rule reads that. The ledger says that ${rule} decided: ${call.found.effect}.`,
    );
  }
  const input = recordedInput(call);
  const hide = [...call.redact, ...deps.inForce().evaluate(input).redact, ...policy.evaluate(input).redact];
  return { call, version: policy.version, ...explain(policy, input, { hide }) };
}
