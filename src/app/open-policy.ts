import { errorText } from '../core/errors.ts';
import type { Downstreams } from '../downstream/catalog.ts';
import type { PolicyInForce } from '../gate/judge.ts';
import { createPolicyStore, type PolicyStore } from '../policy/load.ts';
import { possibleEffects } from '../policy/possible.ts';
import { insertPolicyVersion } from '../policy/store.ts';
import type { State } from './open-state.ts';
import type { AppEvent, Undo } from './options.ts';

export interface OpenPolicy {
  readonly store: PolicyStore;
  /** The compiled policy that judges now. */
  readonly inForce: () => PolicyInForce;
}

/** Loads the policy and keeps it current. A policy is on the ledger before it judges anything. */
export async function openPolicy(
  state: State,
  input: { downstreams: Downstreams; emit: (event: AppEvent) => void; onSwapped: () => void; undo: Undo },
): Promise<OpenPolicy> {
  const { config, ledger, log, now, workspace } = state;
  const store = await createPolicyStore({
    dir: config.policiesDir,
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
      const view: PolicyInForce = {
        ...current,
        possibleEffects: (target) => possibleEffects(current, target),
      };
      views.set(current, view);
      return view;
    },
  };
}
