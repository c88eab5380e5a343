import type { Approval } from '../../src/approvals/approval.ts';
import { listSignedDecisions } from '../../src/approvals/list-signed.ts';
import { reportOutcome } from '../../src/approvals/report-outcome.ts';
import { type AskedAction, findRepeatedAction, requestAction } from '../../src/approvals/request-action.ts';
import { type TakeUpDeps, takeUpAction } from '../../src/approvals/take-up.ts';
import { issueCapability } from '../../src/capabilities/issue.ts';
import { spendFor } from '../../src/capabilities/spend.ts';
import { reverifyApproval } from '../../src/evidence/reverify.ts';
import { type AskDeps, askForAction, recheckAction } from '../../src/gate/judge-action.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { createMemoryCounters } from '../../src/policy/limits.ts';
import type { Verdict } from '../../src/policy/verdict.ts';
import { approverNow } from '../../src/principals/approver-now.ts';
import { createKey } from '../../src/principals/keys.ts';
import type { Enrolled } from '../principals/support/office.ts';
import { type Desk, holding, LOG, openDesk } from './desk.ts';

export const HOLDER = 'api_key:key_ci';

const ASKED: AskedAction = {
  workspace: 'default',
  requester: HOLDER,
  requesterName: 'ci',
  actor: 'service-account:release-bot',
  name: 'deployment.execute',
  resource: 'service:billing-api',
  risk: '',
  args: { version: '1.2' },
  metadata: { environment: 'production' },
  idempotencyKey: undefined,
};

/** A verdict that allows an action. */
export function allowing(): Verdict {
  const { approval, ...verdict } = holding({ quorum: 0 });
  return { ...verdict, effect: 'allow', ...(approval === undefined ? {} : { approval }) };
}

export interface ActionDesk extends Desk {
  readonly ada: Enrolled;
  request(change?: Partial<AskedAction>): Promise<{ approval: Approval; created: boolean }>;
  /** An action that Ada has approved. */
  approved(): Promise<string>;
  takeUp(
    id: string,
    how?: { holder?: string; ledger?: Ledger; recheck?: TakeUpDeps['recheck'] },
  ): Promise<Approval>;
  report(id: string, state: 'succeeded' | 'failed', holder?: string): Promise<Approval>;
}

/** A desk for actions: real database, ledger, clock of the test; the policy is `world.verdict`. */
export async function openActionDesk(): Promise<ActionDesk> {
  const desk = await openDesk();
  const ada = await desk.office.bootstrap();
  const { ledger, now, newId, random, workspace } = desk.office.deps;
  const { database } = desk.replayDeps();
  const named = { ...desk.office.deps, newId: () => 'key_ci' };
  await createKey(named, { name: 'ci', roles: ['requester'], by: 'gateway:test' });
  const policy = {
    version: 'sha256:policy',
    evaluate: () => desk.world.verdict,
    record: () => undefined,
    possibleEffects: () => [desk.world.verdict.effect],
  };
  const requests = {
    database,
    ledger,
    now,
    newId,
    random,
    release: (approval: Approval, at: number) =>
      issueCapability({ newId }, { approval, basis: 'policy', dpop: false, at }),
  };
  const ask: AskDeps = {
    ledger,
    now,
    policy: () => policy,
    counters: createMemoryCounters(),
    known: (asked) => findRepeatedAction(requests, asked),
    request: (asked, verdict) => requestAction(requests, asked, verdict),
  };
  const recheckDeps = {
    policy: () => policy,
    now,
    decisions: (id: string) => listSignedDecisions(database, id),
    approverNow: (signed: { approver: string; proof: string }) => approverNow(desk.office.deps, signed),
    makerOf: desk.decideDeps.makerOf,
  };
  const unused = (): never => {
    throw new Error('no token leaves the gateway here');
  };
  const capabilities = {
    database,
    ledger,
    now,
    newId,
    workspace,
    issuer: 'http://localhost',
    log: LOG,
    keys: { sign: unused, find: unused },
    reverify: (approvalId: string) => reverifyApproval(database, { log: LOG, approvalId }),
    seal: unused,
  };
  const request: ActionDesk['request'] = (change = {}) => askForAction(ask, { ...ASKED, ...change });
  return {
    ...desk,
    ada,
    request,
    async approved() {
      const { approval } = await request();
      await desk.decide(ada, approval.id, 'approve');
      return approval.id;
    },
    takeUp: (approvalId, how = {}) => {
      const { holder = HOLDER, ledger: through = ledger } = how;
      const recheck = how.recheck ?? ((approval: Approval) => recheckAction(recheckDeps, approval));
      return takeUpAction(
        {
          database,
          workspace: 'default',
          ledger: through,
          now,
          recheck,
          onChanged: (id) => desk.changed.push(id),
        },
        { approvalId, holder, spend: (approval) => spendFor(capabilities, approval, { holder }) },
      );
    },
    report: (approvalId, state, holder = HOLDER) =>
      reportOutcome(desk.byHand, { approvalId, holder, state, note: undefined }),
  };
}
