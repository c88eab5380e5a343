import { join } from 'node:path';
import type { Approval } from '../../src/approvals/approval.ts';
import { decideApprovalRequest, offerStatement } from '../../src/approvals/decide.ts';
import { callParamsText } from '../../src/approvals/frozen-call.ts';
import { findApproval, listDecisions } from '../../src/approvals/list.ts';
import { replayApproval } from '../../src/approvals/replay.ts';
import { requestApproval } from '../../src/approvals/request.ts';
import { expireOverdue, listApproved, reapOrphans } from '../../src/approvals/sweep.ts';
import { issueCapability } from '../../src/capabilities/issue.ts';
import { spendInternally } from '../../src/capabilities/spend.ts';
import type { NewId } from '../../src/core/ids.ts';
import type { PolicyInForce } from '../../src/gate/judge.ts';
import { recheck } from '../../src/gate/recheck.ts';
import { createLedger } from '../../src/ledger/append.ts';
import type { Change, Ledger } from '../../src/ledger/ledger.ts';
import type { Verdict } from '../../src/policy/verdict.ts';
import { insertPerson } from '../../src/principals/people/store.ts';
import { createSessionDirectory } from '../../src/sessions/directory.ts';
import { mintSession } from '../../src/sessions/mint.ts';
import type { Session } from '../../src/sessions/session.ts';
import type { Database } from '../../src/storage/database.ts';
import { openLibsql } from '../../src/storage/libsql.ts';
import { manualSchedule, START_MS, signerOf } from '../ledger/fixture.ts';
import { catalogOf, holding, PAY } from './desk.ts';

export const PEOPLE = ['per_a', 'per_b', 'per_c'] as const;

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

  const sessions = createSessionDirectory({ database, ledger, now });
  const policy: PolicyInForce = {
    version: 'sha256:policy',
    evaluate: () => outside.policy.verdict,
    record: () => undefined,
    possibleEffects: () => ['hold'],
  };
  const groupsOf = async (approver: string): Promise<readonly string[] | undefined> => {
    const params = [approver.replace('person:', '')];
    const sql = 'SELECT id FROM person WHERE id = ? AND removed_at IS NULL';
    return (await database.query({ sql, params })).length === 1 ? [] : undefined;
  };
  const recheckDeps = {
    policy: () => policy,
    callsOf: sessions.callsOf,
    now,
    catalog: () => catalogOf(PAY),
    session: sessions.get,
    isActive: sessions.isActive,
    decisions: (id: string) => listDecisions(database, id),
    approverGroups: groupsOf,
  };
  const replayDeps = (owner: string) => ({
    database,
    ledger,
    now,
    random,
    owner,
    recheck: (approval: Approval) => recheck(recheckDeps, approval),
    stillAllowed: (approval: Approval) => sessions.mayStillAct(approval.sessionId ?? ''),
    spend: (approval: Approval) => spendInternally({ database, now }, approval),
    dispatch: async (approval: Approval) => {
      if (life.dead) return never;
      await outside.onDispatch(approval, callParamsText(approval.call));
      return { kind: 'result' as const, raw: '{"content":[]}', isError: false };
    },
    onChanged: () => undefined,
  });
  const owners = [newId('own'), newId('own')];
  const byHand = { database, ledger, now, onChanged: () => undefined };
  const decideDeps = {
    database,
    ledger,
    now,
    newId,
    random,
    log: signer.name,
    release: (approval: Approval, at: number) =>
      issueCapability({ newId }, { approval, basis: 'decision', dpop: false, at }),
    onDecided: () => undefined,
  };

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
    enrol: () =>
      running.commit({
        then: PEOPLE.map((id) =>
          insertPerson({
            id,
            name: id,
            groups: [],
            subject: undefined,
            createdAt: 0,
            removedAt: undefined,
            workspace: 'default',
          }),
        ),
        entries: [],
      }),
    async mint() {
      const minting = { ledger, now, newId, random, workspace: 'default', defaultTtlMs: 900_000 };
      outside.sessions.push((await mintSession(minting, {}, 'key:model')).session);
    },
    hold: (session: Session, call: { n: number; key: string | undefined }) =>
      requestApproval(
        { database, ledger, now, newId, random },
        {
          workspace: 'default',
          session,
          ...PAY,
          toolHash: PAY.hash,
          args: { n: call.n },
          verdict: outside.policy.verdict,
          idempotencyKey: call.key,
        },
      ),
    async decide(approvalId: string, by: string, decision: 'approve' | 'deny') {
      const approver = { kind: 'person' as const, id: by, groups: [] };
      const offered = await offerStatement(decideDeps, { approvalId, approver, decision, reason: undefined });
      const sql = 'EXISTS (SELECT 1 FROM person WHERE id = ? AND removed_at IS NULL)';
      const verify = async () => ({ proof: '{}', then: [], stillValid: { sql, params: [by] } });
      return decideApprovalRequest(decideDeps, { approvalId, statementId: offered.id, approver, verify });
    },
    remove: (id: string) =>
      ledger.commit({
        guard: {
          sql: 'UPDATE person SET removed_at = 1 WHERE id = ? AND removed_at IS NULL RETURNING id',
          params: [id],
        },
        entries: [],
      }),
    isEnrolled: async (approver: string) => (await groupsOf(approver)) !== undefined,
    get: (id: string) => findApproval(database, id),
    /** Two owners go for the same approval at once. */
    async replay(id: string) {
      await Promise.all(owners.map((owner) => replayApproval(replayDeps(owner), id)));
    },
    async sweep() {
      sessions.sweep();
      await expireOverdue(byHand);
      await reapOrphans(byHand, { all: false });
    },
    /** What a start does before it serves. */
    async recover() {
      await reapOrphans(byHand, { all: true });
      for (const id of await listApproved(database)) await replayApproval(replayDeps(newId('own')), id);
    },
    close: () => database.close(),
  };
}

export type World = Awaited<ReturnType<typeof openWorld>>;
