import type { BindingDeps } from '../api/denial-binding.ts';
import { findRepeatedAction, requestAction } from '../approvals/request-action.ts';
import type { GateDeps } from '../gate/call.ts';
import type { AskDeps } from '../gate/judge-action.ts';
import { deriveKey } from './derive-key.ts';
import type { State } from './open-state.ts';
import { releaseOn } from './release.ts';

/** Gives requests for actions their collaborators: the gate's policy and counters, and the release of what policy allows. */
export function wireActions(
  state: Pick<State, 'database' | 'ledger' | 'now' | 'newId' | 'random'>,
  gate: Pick<GateDeps, 'policy' | 'counters'>,
): AskDeps {
  const { database, ledger, now, newId, random } = state;
  const requests = {
    database,
    ledger,
    now,
    newId,
    random,
    release: releaseOn('policy', newId),
  };
  return {
    ledger,
    now,
    policy: gate.policy,
    counters: gate.counters,
    known: (asked) => findRepeatedAction(requests, asked),
    request: (asked, verdict) => requestAction(requests, asked, verdict),
  };
}

/** What the draft of access requests works with, where it is switched on; its key is derived from the data key. */
export function wireAccessRequests(state: State): BindingDeps | undefined {
  const { config, dataKey, now, newId, publicOrigin } = state;
  if (!config.experimental.includes('access-requests')) return undefined;
  const key = deriveKey(dataKey, 'countersign/access-request-binding/v1');
  return { key, origin: publicOrigin, now, newId };
}
