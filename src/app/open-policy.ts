import { errorText } from '../core/errors.ts';
import type { Downstreams } from '../downstream/catalog.ts';
import type { PolicyInForce } from '../gate/judge.ts';
import type { CompiledPolicy } from '../policy/compile.ts';
import { createPolicyStore, loadPolicy, type PolicyStore } from '../policy/load.ts';
import { possibleEffects } from '../policy/possible.ts';
import { insertPolicyVersion } from '../policy/store.ts';
import type { State } from './open-state.ts';
import type { AppEvent, Undo } from './options.ts';

export interface OpenPolicy {
  readonly store: PolicyStore;
  /** The compiled policy that judges now. */
  readonly inForce: () => PolicyInForce;
}

interface Input {
  readonly downstreams: Downstreams;
  readonly emit: (event: AppEvent) => void;
  readonly onSwapped: () => void;
  readonly undo: Undo;
}

/**
 * Compiles the policy of a directory, which needs neither ledger nor downstreams; what it returns puts that policy in
 * force, as the directory is then, and keeps it current. A policy is on the ledger before it judges anything. Both
 * throw `policy_invalid`.
 */
export async function preparePolicy(
  dir: string,
): Promise<(state: State, input: Input) => Promise<OpenPolicy>> {
  const known = await loadPolicy(dir);
  return (state, input) => openPolicy(state, { ...input, known });
}

/** Has a policy tell when it cannot judge a call: a condition that fails, or anything that it throws. */
function countFailures(
  view: { -readonly [Name in keyof PolicyInForce]: PolicyInForce[Name] },
  failed: (stage: 'evaluate') => void,
): void {
  const { evaluate } = view;
  view.evaluate = (input, counters) => {
    try {
      const verdict = evaluate(input, counters);
      if (verdict.failed !== undefined) failed('evaluate');
      return verdict;
    } catch (error) {
      failed('evaluate');
      throw error;
    }
  };
}

async function openPolicy(state: State, input: Input & { known: CompiledPolicy }): Promise<OpenPolicy> {
  const { config, ledger, log, now, observed, workspace } = state;
  const store = await createPolicyStore({
    dir: config.policiesDir,
    known: input.known,
    watch: true,
    tools: () => input.downstreams.catalog().tools,
    onLoaded: async (loaded) => {
      const files = Object.fromEntries(loaded.sources.map(({ name, text }) => [name, text]));
      await ledger.commit({
        then: [insertPolicyVersion({ hash: loaded.version, workspace, files, loadedAt: now() })],
        entries: [
          { type: 'policy.loaded', ref: {}, body: { version: loaded.version, rules: loaded.rules.length } },
        ],
      });
      input.emit({ event: 'policy.loaded', version: loaded.version });
      // The store swaps when this resolves; what depends on the policy is told in the turn after.
      setImmediate(input.onSwapped);
    },
    onProblem: (error) => {
      observed.policyFailed?.('load');
      log.error({ err: error }, 'the changed policy was refused; the one before stays in force');
      input.emit({ event: 'policy.refused', problem: errorText(error) });
    },
  });
  input.undo.add(() => store.close());

  const views = new WeakMap<object, PolicyInForce>();
  return {
    store,
    inForce() {
      const current = store.current();
      const known = views.get(current);
      if (known !== undefined) return known;
      const view: { -readonly [Name in keyof PolicyInForce]: PolicyInForce[Name] } = {
        ...current,
        possibleEffects: (target) => possibleEffects(current, target),
      };
      if (observed.policyFailed !== undefined) countFailures(view, observed.policyFailed);
      views.set(current, view);
      return view;
    },
  };
}
