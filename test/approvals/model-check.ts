import { expect } from 'vitest';
import { type Approval, type ApprovalState, isSettled, mayBecome } from '../../src/approvals/approval.ts';
import { commitment } from '../../src/core/digest.ts';
import type { Entry } from '../../src/ledger/entry.ts';
import type { ApprovalTerms } from '../../src/policy/verdict.ts';
import type { Database, Row } from '../../src/storage/database.ts';
import type { Outside, World } from './model-world.ts';

/** The whole of one sequence: what is outside, the life under way, and what has been seen so far. */
export interface Run {
  readonly outside: Outside;
  world: World;
  readonly sent: Map<string, number>;
  readonly seen: Map<string, ApprovalState>;
  readonly acknowledged: Map<string, string[]>;
  /** Dispatches that rested on a quorum of two, a broken glass, or somebody whom an escalation let in. */
  readonly tally: { quorum: number; glass: number; escalated: number };
}

/** What the ledger alone says of each approval. */
function statesBy(entries: readonly Entry[]): Map<string, ApprovalState> {
  const states = new Map<string, ApprovalState>();
  const revoked = new Set<string>();
  const silent = new Set(['approval.decided', 'approval.escalated', 'approval.late_result']);
  for (const { type, ref, body } of entries) {
    const id = ref.approval ?? '';
    const before = states.get(id);
    const become = (state: ApprovalState): void => {
      if (before === undefined) expect(state).toBe('pending');
      else expect(mayBecome(before, state)).toBe(true);
      states.set(id, state);
    };
    if (type === 'session.revoked') revoked.add(ref.session ?? '');
    else if (type === 'approval.requested') become('pending');
    else if (type === 'approval.outcome' || type === 'approval.resolved') become(body.state as ApprovalState);
    else if (type === 'approval.executing') {
      expect(revoked).not.toContain(ref.session);
      become('executing');
    } else if (type.startsWith('approval.') && !silent.has(type))
      become(type.slice('approval.'.length) as ApprovalState);
  }
  return states;
}

const expectDistinct = (values: readonly unknown[]): void => expect(new Set(values).size).toBe(values.length);

/** Nobody decides twice, no escalation or capability comes twice, and whatever follows a decision follows at once. */
function checkEntries(entries: readonly Entry[]): void {
  const of = (type: Entry['type']) => entries.filter((entry) => entry.type === type);
  expectDistinct(of('approval.decided').map(({ ref }) => `${ref.approval} ${ref.principal}`));
  expectDistinct(of('approval.escalated').map(({ ref, body }) => `${ref.approval} ${body.after_ms}`));
  expectDistinct(of('capability.issued').map(({ ref }) => ref.approval));
  expectDistinct(of('capability.exchanged').map(({ body }) => body.capability));
  const loud = of('approval.decided').filter(({ body }) => body.break_glass === true);
  expect(of('break_glass.invoked').length).toBe(loud.length);
  for (const [at, entry] of entries.entries()) {
    const before = entries[at - 1];
    if (entry.type === 'break_glass.invoked') expect(before?.type).toBe('approval.decided');
    if (entry.type === 'approval.approved')
      expect(before?.type).toBe(
        entry.body.basis === 'break_glass' ? 'break_glass.invoked' : 'approval.decided',
      );
    if (/^(?:break_glass\.invoked|approval\.(?:approved|denied))$/.test(entry.type))
      expect(before?.ref.approval).toBe(entry.ref.approval);
  }
}

/** What must hold between any two steps. */
export async function checkInvariants(run: Run): Promise<void> {
  const { world, seen, sent, acknowledged } = run;
  const rows = await world.database.query({ sql: 'SELECT id, state FROM approval', params: [] });
  const stored = await world.database.query({ sql: 'SELECT entry FROM ledger ORDER BY seq', params: [] });
  const entries = stored.map((row) => JSON.parse(String(row.entry)) as Entry);
  const states = statesBy(entries);
  expect(Object.fromEntries(states)).toEqual(
    Object.fromEntries(rows.map((row) => [String(row.id), String(row.state)])),
  );
  checkEntries(entries);
  for (const [id, state] of states) {
    const before = seen.get(id);
    if (before !== undefined && isSettled(before)) expect(state).toBe(before);
    seen.set(id, state);
  }
  expect(Math.max(0, ...sent.values())).toBeLessThanOrEqual(1);
  const decisions = await world.database.query({ sql: 'SELECT * FROM decision', params: [] });
  const kept = new Set(decisions.map((row) => `${row.approval_id} ${row.approver} ${row.decision}`));
  for (const [id, made] of acknowledged) for (const one of made) expect(kept).toContain(`${id} ${one}`);
}

const distinct = (decisions: readonly Row[]): number =>
  new Set(decisions.map((row) => String(row.approver))).size;

/** May this decision count, by what the database says of its maker and their key now? Written apart from the house. */
async function checkDecision(
  database: Database,
  { approval, row, terms }: { approval: Approval; row: Row; terms: readonly ApprovalTerms[] },
): Promise<void> {
  const id = String(row.approver).replace('person:', '');
  const [person] = await database.query({
    sql: 'SELECT groups FROM person WHERE id = ? AND removed_at IS NULL',
    params: [id],
  });
  const credential = (JSON.parse(String(row.proof)) as { credential_id: string }).credential_id;
  const keys = await database.query({
    sql: 'SELECT id FROM passkey WHERE credential_id = ? AND person_id = ? AND removed_at IS NULL',
    params: [credential, id],
  });
  expect(keys).toHaveLength(1);
  expect(id).not.toBe(approval.subject);
  const groups = JSON.parse(String(person?.groups)) as string[];
  const bound = credential.endsWith('_k0');
  if (Number(row.break_glass) === 1) {
    expect(groups).toContain('break-glass');
    expect(bound).toBe(true);
    const statement = JSON.parse(String(row.statement)) as { break_glass?: boolean; reason?: string };
    expect(statement).toMatchObject({ break_glass: true, reason: expect.stringMatching(/./) });
    return;
  }
  for (const one of terms) {
    const waited = Number(row.decided_at) - approval.requestedAt;
    const widened = one.escalations.filter((step) => step.afterMs <= waited).flatMap((step) => step.groups);
    const named = [...one.groups, ...widened];
    if (one.groups.length > 0) expect(groups.some((group) => named.includes(group))).toBe(true);
    if (one.authenticator.backupEligible === false) expect(bound).toBe(true);
  }
}

/** Asked at the very moment of a dispatch: may exactly this leave, now? */
export async function checkDispatch(run: Run, approval: Approval, paramsText: string): Promise<void> {
  const { world, outside, sent } = run;
  const { database } = world;
  sent.set(approval.id, (sent.get(approval.id) ?? 0) + 1);
  const [stored] = await database.query({
    sql: 'SELECT * FROM approval WHERE id = ?',
    params: [approval.id],
  });
  expect(stored?.state).toBe('executing');
  const { arguments: args } = JSON.parse(paramsText) as { arguments: { n: number } };
  const bytes = `{"arguments":{"n":${args.n}},"server":"bank","tool":"pay"}`;
  const decisions = await database.query({
    sql: `SELECT * FROM decision WHERE approval_id = ? AND decision = 'approve' ORDER BY decided_at`,
    params: [approval.id],
  });
  const frozen = approval.verdict.approval as ApprovalTerms;
  const inForce = outside.policy.verdict.approval;
  const plain = decisions.filter((row) => Number(row.break_glass) === 0);
  const broken = decisions.filter((row) => Number(row.break_glass) === 1);
  const byQuorum = distinct(plain) >= frozen.quorum;
  if (byQuorum) expect(distinct(plain)).toBeGreaterThanOrEqual(inForce?.quorum ?? 1);
  else {
    expect(distinct(broken)).toBeGreaterThanOrEqual(2);
    expect(approval.expiresAt - Number(broken.at(-1)?.decided_at)).toBeLessThanOrEqual(60_000);
  }
  const counted = byQuorum ? plain : broken;
  run.tally.quorum += byQuorum && frozen.quorum > 1 ? 1 : 0;
  run.tally.glass += byQuorum ? 0 : 1;
  const late = frozen.groups.length > 0 && plain.some((row) => row.approver === 'person:per_c');
  run.tally.escalated += byQuorum && late ? 1 : 0;
  const terms = inForce === undefined ? [frozen] : [frozen, inForce];
  const action = commitment(Buffer.from(String(stored?.call_salt), 'hex'), bytes);
  for (const row of counted) {
    const signed = { action, approval: approval.id, decision: 'approve', instance: approval.instance };
    expect(JSON.parse(String(row.statement))).toMatchObject(signed);
    await checkDecision(database, { approval, row, terms });
  }
  expect(outside.policy.verdict.effect).not.toBe('deny');
  expect(outside.clock.nowMs).toBeLessThan(approval.expiresAt);
  const session = await world.sessions.get(approval.sessionId ?? '');
  expect(session !== undefined && world.sessions.isActive(session)).toBe(true);
}
