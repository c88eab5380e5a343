import { join } from 'node:path';
import type { Approval } from '../../src/approvals/approval.ts';
import { decideApprovalRequest } from '../../src/approvals/decide.ts';
import { escalateDue } from '../../src/approvals/escalate.ts';
import { callParamsText } from '../../src/approvals/frozen-call.ts';
import { findApproval, getApproval } from '../../src/approvals/list.ts';
import { listSignedDecisions } from '../../src/approvals/list-signed.ts';
import { offerStatement } from '../../src/approvals/offer.ts';
import { replayApproval } from '../../src/approvals/replay.ts';
import { requestApproval } from '../../src/approvals/request.ts';
import { expireOverdue, listApproved, reapOrphans } from '../../src/approvals/sweep.ts';
import { GATEWAY } from '../../src/capabilities/capability.ts';
import type { CapabilityDeps } from '../../src/capabilities/deps.ts';
import { issueCapability } from '../../src/capabilities/issue.ts';
import { spendInternally } from '../../src/capabilities/spend.ts';
import { isCountersignError } from '../../src/core/errors.ts';
import type { NewId } from '../../src/core/ids.ts';
import type { PolicyInForce } from '../../src/gate/judge.ts';
import { recheck } from '../../src/gate/recheck.ts';
import { createLedger } from '../../src/ledger/append.ts';
import type { Change, Ledger } from '../../src/ledger/ledger.ts';
import type { Verdict } from '../../src/policy/verdict.ts';
import { approverFacts } from '../../src/principals/approver-groups.ts';
import { approverNow } from '../../src/principals/approver-now.ts';
import { findMaker } from '../../src/principals/makers/find-maker.ts';
import { createSessionDirectory } from '../../src/sessions/directory.ts';
import { mintSession } from '../../src/sessions/mint.ts';
import type { Session } from '../../src/sessions/session.ts';
import type { Database } from '../../src/storage/database.ts';
import { openLibsql } from '../../src/storage/libsql.ts';
import { manualSchedule, START_MS, signerOf } from '../ledger/fixture.ts';
import { catalogOf, holding, PAY } from './desk.ts';
import { enrolments, type Key, proofOf } from './model-people.ts';

const workspace = 'default';

/** A decision, and with which of the person's keys. */
export interface Deciding {
  readonly decision: 'approve' | 'deny';
  readonly key: Key;
  readonly breakGlass: boolean;
}

/** What outlives every crash: the file, the clock, the agents' tokens, the policy on disk, and the downstream. */
export interface Outside {
  readonly file: string;
  readonly clock: { nowMs: number };
  readonly ids: { next: number };
  readonly policy: { verdict: Verdict };
  readonly sessions: Session[];
  readonly approvals: string[];
  /** Called for each dispatch, before the downstream answers. */
  readonly onDispatch: (approval: Approval, paramsText: string) => Promise<void>;
}

export interface CrashPlan {
  /** Dies at this write from now on. */
  writes: number;
  /** Whether the write that it dies at is kept. */
  readonly kept: boolean;
}

export function outsideIn(folder: string, onDispatch: Outside['onDispatch']): Outside {
  return {
    file: join(folder, 'model.db'),
    clock: { nowMs: START_MS },
    ids: { next: 0 },
    policy: { verdict: holding() },
    sessions: [],
    approvals: [],
    onDispatch,
  };
}

/** Refuses whatever a dead process still had under way: the engine itself aborts when it is used after its end. */
function untilClosed(database: Database): Database {
  const life = { closed: false };
  const open = (): Database => {
    if (life.closed) throw new Error('the process has died');
    return database;
  };
  return {
    query: async (statement) => open().query(statement),
    apply: async (batch, seal) => open().apply(batch, seal),
    close: () => {
      life.closed = true;
      return database.close();
    },
  };
}

/** One life of a gateway at the level of its use-cases, on a real database, until it is closed or dies. */
export async function openWorld(outside: Outside) {
  const database = untilClosed(openLibsql({ file: outside.file }));
  const now = () => outside.clock.nowMs;
  const newId: NewId = (prefix) => `${prefix}_${String(++outside.ids.next).padStart(6, '0')}`;
  const random = (size: number) => new Uint8Array(size).fill(++outside.ids.next % 256);
  const signer = signerOf();
  const running = await createLedger({
    database,
    now,
    signer,
    report: () => undefined,
    schedule: manualSchedule().schedule,
  });
  const life = { crash: undefined as CrashPlan | undefined, dead: false };
  const died = Promise.withResolvers<void>();
  const never = new Promise<never>(() => undefined);

  /** A process that has died hears of nothing any more: what it waited for never comes. */
  const ledger: Ledger = {
    commit: async (change: Change) => {
      if (life.dead) return never;
      if (life.crash === undefined || --life.crash.writes > 0) return running.commit(change);
      life.dead = true;
      if (life.crash.kept) await running.commit(change);
      died.resolve();
      return never;
    },
  };

  const sessions = createSessionDirectory({ workspace: 'default', database, ledger, now });
  const policy: PolicyInForce = {
    version: 'sha256:policy',
    evaluate: () => outside.policy.verdict,
    record: () => undefined,
    possibleEffects: () => ['hold'],
  };
  const recheckDeps = {
    policy: () => policy,
    callsOf: sessions.callsOf,
    now,
    catalog: () => catalogOf(PAY),
    session: sessions.get,
    isActive: sessions.isActive,
    decisions: (id: string) => listSignedDecisions(database, id),
    approverNow: (signed: { approver: string; proof: string }) =>
      approverNow({ database, workspace }, signed),
    makerOf: ({ requester }: Pick<Approval, 'requester'>) => findMaker({ database, workspace }, requester),
  };
  const unused = (): never => {
    throw new Error('no token leaves the gateway here');
  };
  const capabilities: CapabilityDeps = {
    database,
    ledger,
    now,
    newId,
    workspace,
    issuer: 'http://localhost',
    log: signer.name,
    keys: { sign: unused, find: unused },
    seal: unused,
    // Nobody really signs here, so that the ledger cannot prove it; what it says is checked at each dispatch.
    reverify: async (id) => {
      const approval = await getApproval({ database, workspace }, id);
      const { action, subject } = approval;
      const released = { holder: GATEWAY, dpop: false, expiresAt: approval.expiresAt };
      return { index: 0, action: action.commit, approvers: [], basis: 'decision', subject, released };
    },
  };
  const replayDeps = (owner: string) => ({
    database,
    ledger,
    now,
    random,
    owner,
    recheck: (approval: Approval) => recheck(recheckDeps, approval),
    stillAllowed: (approval: Approval) => sessions.mayStillAct(approval.sessionId ?? ''),
    spend: (approval: Approval) => spendInternally({ ...capabilities, audience: () => undefined }, approval),
    dispatch: async (approval: Approval) => {
      if (life.dead) return never;
      await outside.onDispatch(approval, callParamsText(approval.call));
      return { kind: 'result' as const, raw: '{"content":[]}', isError: false };
    },
    onChanged: () => undefined,
  });
  const owners = [newId('own'), newId('own')];
  const byHand = { database, workspace, ledger, now, onChanged: () => undefined };
  const decideDeps = {
    workspace,
    database,
    ledger,
    now,
    newId,
    random,
    log: signer.name,
    makerOf: recheckDeps.makerOf,
    release: (approval: Approval, at: number) =>
      issueCapability({ newId }, { approval, basis: 'decision', dpop: false, at }),
    onDecided: () => undefined,
    onBreakGlass: () => undefined,
  };

  const change = (sql: string, id: string) =>
    ledger.commit({ guard: { sql: `${sql} RETURNING id`, params: [id] }, entries: [] });

  return {
    database,
    signer,
    running,
    sessions,
    byHand,
    died: died.promise,
    isDead: () => life.dead,
    plan: (crash: CrashPlan) => {
      life.crash = crash;
    },
    enrol: () => running.commit({ then: enrolments(), entries: [] }),
    async mint() {
      // Every other session acts for somebody who may not approve what it asks for.
      const subject = outside.sessions.length % 2 === 1 ? 'per_d' : 'default';
      const minting = { ledger, now, newId, random, workspace, defaultTtlMs: 900_000 };
      outside.sessions.push((await mintSession(minting, { subject }, 'gateway:model')).session);
    },
    hold: (session: Session, call: { n: number; key: string | undefined }) =>
      requestApproval(
        { database, ledger, now, newId, random },
        {
          workspace,
          session,
          ...PAY,
          toolHash: PAY.hash,
          args: { n: call.n },
          verdict: outside.policy.verdict,
          idempotencyKey: call.key,
        },
      ),
    async decide(approvalId: string, by: string, how: Deciding) {
      const facts = await approverFacts({ database, workspace }, `person:${by}`);
      const approver = { kind: 'person' as const, id: by, groups: facts?.groups ?? [] };
      const { decision, key, breakGlass } = how;
      const reason = breakGlass ? 'Nobody else is there.' : undefined;
      const offered = await offerStatement(decideDeps, {
        approvalId,
        approver,
        decision,
        reason,
        breakGlass,
      });
      const verify = async () => proofOf(by, key);
      return decideApprovalRequest(decideDeps, { approvalId, statementId: offered.id, approver, verify });
    },
    remove: (id: string) =>
      change('UPDATE person SET removed_at = 1 WHERE id = ? AND removed_at IS NULL', id),
    dropKey: (id: string) =>
      change('UPDATE passkey SET removed_at = 1 WHERE id = ? AND removed_at IS NULL', id),
    leaveGroups: (id: string) =>
      change(`UPDATE person SET groups = '[]' WHERE id = ? AND groups <> '[]'`, id),
    get: (id: string) => findApproval(database, id),
    /** Two owners go for the same approval at once. */
    async replay(id: string) {
      await Promise.all(owners.map((owner) => replayApproval(replayDeps(owner), id)));
    },
    async sweep() {
      sessions.sweep();
      await escalateDue(byHand);
      await expireOverdue(byHand);
      await reapOrphans(byHand, { all: false });
    },
    /** What a start does before it serves; while the clock is behind the ledger, what was approved is not sent. */
    async recover() {
      await reapOrphans(byHand, { all: true });
      for (const id of await listApproved(database))
        await replayApproval(replayDeps(newId('own')), id).catch((error: unknown) => {
          if (!isCountersignError(error) || error.code !== 'ledger_unavailable') throw error;
        });
    },
    close: () => database.close(),
  };
}

export type World = Awaited<ReturnType<typeof openWorld>>;
