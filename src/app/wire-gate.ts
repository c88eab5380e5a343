import type { Approval } from '../approvals/approval.ts';
import { listSignedDecisions } from '../approvals/list-signed.ts';
import { requestApproval } from '../approvals/request.ts';
import { createReplayRunner, type ReplayRunner } from '../approvals/runner.ts';
import type { TakeUpDeps } from '../approvals/take-up.ts';
import type { CapabilityDeps } from '../capabilities/deps.ts';
import type { CapabilityKeys } from '../capabilities/keys/open-keys.ts';
import { spendInternally } from '../capabilities/spend.ts';
import { commitment } from '../core/digest.ts';
import type { Downstreams } from '../downstream/catalog.ts';
import type { GateDeps } from '../gate/call.ts';
import { createDetacher, type Detacher } from '../gate/detach.ts';
import { createServerTasks } from '../gate/follow-tasks.ts';
import { dispatchFrozen } from '../gate/forward.ts';
import { callTool } from '../gate/gate.ts';
import type { PolicyInForce } from '../gate/judge.ts';
import { recheckAction } from '../gate/judge-action.ts';
import { recheck } from '../gate/recheck.ts';
import { sealPayload } from '../ledger/payload.ts';
import { insertPayload } from '../ledger/store.ts';
import { createMemoryCounters } from '../policy/limits.ts';
import { approverNow } from '../principals/approver-now.ts';
import { findMaker } from '../principals/makers/find-maker.ts';
import type { SessionDirectory } from '../sessions/directory.ts';
import { spendCall } from '../sessions/store.ts';
import type { State } from './open-state.ts';
import { forwardedAudiences, wireCapabilities } from './wire-capabilities.ts';
import type { JobWiring } from './wire-jobs.ts';

const SALT_BYTES = 32;

/** Gives the gate its collaborators, and approvals the way to run what was approved. */
export function wireGate(
  state: State,
  input: {
    downstreams: Downstreams;
    policy: () => PolicyInForce;
    sessions: SessionDirectory;
    capabilityKeys: CapabilityKeys;
    onChanged: (approvalId: string) => void;
    work: Pick<JobWiring, 'asJob' | 'jobs' | 'onAnswer'>;
  },
): {
  gate: GateDeps;
  detacher: Detacher;
  replays: ReplayRunner;
  takeUp: TakeUpDeps;
  capabilities: CapabilityDeps;
} {
  const { database, ledger, now, newId, random, workspace, log } = state;
  const { downstreams, sessions } = input;
  const { jobs } = input.work;
  const report = (err: unknown): void => log.error({ err }, 'an outcome could not be recorded');
  const { mayStillAct } = sessions;
  const tasks = createServerTasks({ downstreams, jobs, mayStillAct, report, now });
  const gate: GateDeps = {
    downstreams,
    tasks,
    ledger,
    policy: input.policy,
    isActive: sessions.isActive,
    spendCall,
    sealArguments: ({ id, subject, text, retainMs }) => {
      const createdAt = now();
      const salt = random(SALT_BYTES);
      const commit = commitment(salt, text);
      const payload = {
        id,
        workspace,
        commitment: commit,
        salt: Buffer.from(salt).toString('hex'),
        ciphertext: sealPayload({ key: state.dataKey, random }, { commitment: commit, text }),
        subject,
        createdAt,
        eraseAt: retainMs === undefined ? undefined : createdAt + retainMs,
      };
      return { commit, sidecar: insertPayload(payload) };
    },
    requestApproval: async (held) => {
      const found = await requestApproval({ database, ledger, now, newId, random }, held);
      if (found.created) sessions.counted(held.session.id, sessions.callsOf(held.session.id) + 1);
      return found;
    },
    tracing: state.observed.tracing,
    callsOf: sessions.callsOf,
    counted: sessions.counted,
    countCall: sessions.countCall,
    counters: createMemoryCounters(),
    onAnswer: input.work.onAnswer,
    report,
    warn: (fields, message) => log.warn(fields, message),
    publicOrigin: state.publicOrigin,
    now,
    newId,
  };
  const recheckDeps = {
    ...gate,
    catalog: () => downstreams.catalog(),
    session: sessions.get,
    decisions: (id: string) => listSignedDecisions(database, id),
    approverNow: (signed: { approver: string; proof: string }) =>
      approverNow({ database, workspace }, signed),
    makerOf: ({ requester }: Pick<Approval, 'requester'>) => findMaker(state, requester),
  };
  const capabilities = wireCapabilities(state, { keys: input.capabilityKeys, seal: gate.sealArguments });
  const audience = forwardedAudiences(state.config.servers);
  const stillAllowed = (approval: Approval) =>
    approval.sessionId !== undefined && sessions.mayStillAct(approval.sessionId);
  const replays = createReplayRunner(
    {
      database,
      ledger,
      now,
      random,
      owner: newId('own'),
      recheck: async (approval) => {
        // Between request and decision there is time for a server to change without saying so.
        await downstreams.reread(approval.call.server);
        return recheck(recheckDeps, approval);
      },
      stillAllowed,
      spend: (approval) => spendInternally({ ...capabilities, audience }, approval),
      dispatch: (approval, sending) =>
        input.work.asJob(approval, (watched) =>
          dispatchFrozen(gate, approval, {
            ...sending,
            ...watched,
            stillAllowed: () => stillAllowed(approval),
          }),
        ),
      onChanged: input.onChanged,
    },
    (fields, message) => log.error(fields, message),
  );
  const takeUp = {
    database,
    workspace,
    ledger,
    now,
    recheck: (approval: Approval) => recheckAction(recheckDeps, approval),
    onChanged: input.onChanged,
  };
  const detacher = createDetacher({
    callTool: (call) => callTool(gate, call),
    jobs,
    detachAfterMs: state.config.detachAfterMs,
    report,
  });
  // What a session began before it ran out may end; a revoked one takes its work along.
  sessions.onEnded((sessionId) => {
    if (sessions.mayStillAct(sessionId)) return;
    detacher.endSession(sessionId);
    tasks.endSession(sessionId);
  });
  return { gate, detacher, replays, takeUp, capabilities };
}
