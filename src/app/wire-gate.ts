import { listDecisions } from '../approvals/list.ts';
import { requestApproval } from '../approvals/request.ts';
import { createReplayRunner, type ReplayRunner } from '../approvals/runner.ts';
import { spendInternally } from '../capabilities/spend.ts';
import { commitment } from '../core/digest.ts';
import type { Downstreams } from '../downstream/catalog.ts';
import type { GateDeps } from '../gate/call.ts';
import { dispatchFrozen } from '../gate/forward.ts';
import type { PolicyInForce } from '../gate/judge.ts';
import { recheck } from '../gate/recheck.ts';
import { sealPayload } from '../ledger/payload.ts';
import { insertPayload } from '../ledger/store.ts';
import { createMemoryCounters } from '../policy/limits.ts';
import { approverGroups } from '../principals/approver-groups.ts';
import type { SessionDirectory } from '../sessions/directory.ts';
import { spendCall } from '../sessions/store.ts';
import type { State } from './open-state.ts';

const SALT_BYTES = 32;

/** Gives the gate its collaborators, and approvals the way to run what was approved. */
export function wireGate(
  state: State,
  input: {
    downstreams: Downstreams;
    policy: () => PolicyInForce;
    sessions: SessionDirectory;
    onChanged: (approvalId: string) => void;
  },
): { gate: GateDeps; replays: ReplayRunner } {
  const { database, ledger, now, newId, random, workspace, log } = state;
  const { downstreams, sessions } = input;
  const gate: GateDeps = {
    downstreams,
    ledger,
    policy: input.policy,
    isActive: sessions.isActive,
    spendCall,
    sealArguments: ({ id, subject, text }) => {
      const salt = random(SALT_BYTES);
      const commit = commitment(salt, text);
      const payload = {
        id,
        workspace,
        commitment: commit,
        salt: Buffer.from(salt).toString('hex'),
        ciphertext: sealPayload({ key: state.dataKey, random }, { commitment: commit, text }),
        subject,
        createdAt: now(),
      };
      return { commit, sidecar: insertPayload(payload) };
    },
    requestApproval: async (held) => {
      const found = await requestApproval({ database, ledger, now, newId, random }, held);
      if (found.created) sessions.counted(held.session.id, sessions.callsOf(held.session.id) + 1);
      return found;
    },
    callsOf: sessions.callsOf,
    counted: sessions.counted,
    countCall: sessions.countCall,
    counters: createMemoryCounters(),
    report: (err) => log.error({ err }, 'an outcome could not be recorded'),
    now,
    newId,
  };
  const recheckDeps = {
    ...gate,
    catalog: () => downstreams.catalog(),
    session: sessions.get,
    decisions: (id: string) => listDecisions(database, id),
    approverGroups: (approver: string) =>
      approverGroups({ database, ledger, now, newId, random, workspace }, approver),
  };
  const replays = createReplayRunner(
    {
      database,
      ledger,
      now,
      random,
      owner: newId('own'),
      recheck: (approval) => recheck(recheckDeps, approval),
      stillAllowed: (approval) =>
        approval.sessionId !== undefined && sessions.mayStillAct(approval.sessionId),
      spend: (approval) => spendInternally({ database, now }, approval),
      dispatch: (approval, { attempt }) => dispatchFrozen(downstreams, approval, attempt),
      onChanged: input.onChanged,
    },
    (fields, message) => log.error(fields, message),
  );
  return { gate, replays };
}
