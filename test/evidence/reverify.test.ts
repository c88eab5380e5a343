import { describe, expect, it } from 'vitest';
import { reverifyApproval } from '../../src/evidence/reverify.ts';
import type { EntryDraft } from '../../src/ledger/entry.ts';
import type { Reader, Row } from '../../src/storage/database.ts';
import { openFixture, tamper } from '../ledger/fixture.ts';
import { approve, ask, breakGlass, decide, dispatch, settle } from './support/approvals.ts';
import { enrol, signedAct } from './support/cast.ts';
import { fixedDevice } from './support/device.ts';
import { PERSONS_KEY } from './support/good-log.ts';
import { LOG, type Scribe } from './support/scribe.ts';
import { approvedStage, pendingStage } from './support/stage.ts';

interface StoredRow extends Row {
  readonly seq: number;
  readonly type: string;
  readonly entry: string;
  readonly approval: string | null;
  readonly session: string | null;
}

/** The rows of a ledger as somebody with access to the database left them. */
function rowsOf(scribe: Scribe): StoredRow[] {
  return scribe.lines.flatMap((line) => {
    if (!line.startsWith('{"entry":')) return [];
    const { seq, type, ref } = JSON.parse(line).entry;
    const { approval = null, session = null } = ref;
    return [{ seq, type, entry: line.slice('{"entry":'.length, -2), approval, session }];
  });
}

/** Answers the questions that are asked of the ledger's table by its columns. */
function readerOf(rows: readonly StoredRow[]): Reader {
  return {
    query: async ({ sql, params }) => {
      if (sql.includes('session = ?'))
        return rows
          .filter((row) => row.session === params[0] && /^session\.(?:minted|narrowed)$/.test(row.type))
          .slice(0, 1);
      return rows.filter((row) => (sql.includes('approval = ?') ? row.approval : row.type) === params[0]);
    },
  };
}

function reverify(scribe: Scribe, rows = rowsOf(scribe), approvalId = 'apr_1') {
  return reverifyApproval(readerOf(rows), { log: LOG, approvalId });
}

describe('an approval is found in the ledger again', () => {
  it('with its approvers, its basis, and the entry that decided it', async () => {
    const { scribe, cast, asked } = pendingStage({ quorum: 2 });
    decide(scribe, asked, cast.bob);
    decide(scribe, asked, cast.cleo);
    const index = scribe.size() - 1;
    await expect(reverify(scribe)).rejects.toThrow('it is not approved');
    approve(scribe, asked);
    expect(await reverify(scribe)).toMatchObject({
      index,
      action: asked.body.action,
      approvers: [cast.bob.ref, cast.cleo.ref],
      basis: 'decision',
    });
  });

  it('after a broken glass, and by policy alone', async () => {
    const { scribe, cast, asked } = pendingStage();
    breakGlass(scribe, asked, cast.ada, 1);
    breakGlass(scribe, asked, cast.bob, 2);
    approve(scribe, asked, { basis: 'break_glass', ttlMs: 60_000 });
    expect(await reverify(scribe)).toMatchObject({
      basis: 'break_glass',
      approvers: [cast.ada.ref, cast.bob.ref],
    });
    const free = ask(scribe, { id: 'apr_free', body: { effect: 'allow', quorum: 0 } });
    approve(scribe, free, { basis: 'policy' });
    const found = await reverify(scribe, rowsOf(scribe), 'apr_free');
    expect(found).toMatchObject({ basis: 'policy', approvers: [] });
    expect(rowsOf(scribe)[found.index]?.type).toBe('approval.requested');
  });

  it('while other people come and go', async () => {
    const { scribe, cast } = approvedStage();
    const eve = enrol(scribe, { id: 'per_eve', name: 'Eve' }, cast.dan);
    const params = { person: cast.dan.id };
    const signed = signedAct(scribe, eve, { act: 'approver.remove', params });
    scribe.append('approver.removed', { principal: eve.ref }, { ...params, ...signed });
    expect(await reverify(scribe)).toMatchObject({ approvers: [cast.bob.ref] });
  });
});

describe('an approval is not found in the ledger', () => {
  it('that was never requested, was dispatched and ended, or belongs to another log', async () => {
    const { scribe, asked } = approvedStage();
    await expect(reverify(scribe, rowsOf(scribe), 'apr_9')).rejects.toMatchObject({ code: 'forbidden' });
    const other = reverifyApproval(readerOf(rowsOf(scribe)), { log: 'other/default', approvalId: 'apr_1' });
    await expect(other).rejects.toThrow('of another log');
    dispatch(scribe, asked);
    settle(scribe, asked);
    await expect(reverify(scribe)).rejects.toThrow('it has ended, or was never requested');
  });

  it('whose decision, request or approver somebody changed in the database', async () => {
    const { scribe, cast } = approvedStage({ quorum: 1 });
    const rows = rowsOf(scribe);
    const without = (type: string): StoredRow[] => rows.filter((row) => row.type !== type);
    const edited = (type: string, from: string, to: string): StoredRow[] =>
      rows.map((row) => (row.type === type ? { ...row, entry: row.entry.replaceAll(from, to) } : row));
    await expect(reverify(scribe, without('approval.decided'))).rejects.toThrow('0 of the 1 distinct people');
    await expect(reverify(scribe, without('approver.enrolled'))).rejects.toThrow('is not enrolled');
    await expect(
      reverify(scribe, edited('approval.decided', '"decision":"approve"', '"decision":"deny"')),
    ).rejects.toThrow("the statement's decision");
    await expect(
      reverify(scribe, edited('approval.requested', '"aud":"bank"', '"aud":"shop"')),
    ).rejects.toThrow("the statement's scope");
    await expect(reverify(scribe, edited('approval.decided', cast.bob.ref, cast.ada.ref))).rejects.toThrow(
      'names no passkey of Ada',
    );
    const moved = rows.map((row) => (row.type === 'approval.decided' ? { ...row, seq: row.seq + 100 } : row));
    await expect(reverify(scribe, moved)).rejects.toThrow('stored in another place');
  });

  it('that was approved by who made what asked for it, or when the database no longer tells who did', async () => {
    const own = (approver: 'ada' | 'bob') => {
      const stage = pendingStage();
      const { scribe, cast } = stage;
      const signed = signedAct(scribe, cast.bob, { act: 'key.create', params: PERSONS_KEY });
      scribe.append('key.created', { principal: cast.bob.ref }, { key: 'key_2', ...PERSONS_KEY, ...signed });
      const asked = ask(scribe, { id: 'apr_2', requester: 'api_key:key_2' });
      decide(scribe, asked, cast[approver]);
      approve(scribe, asked);
      return scribe;
    };
    await expect(reverify(own('bob'), rowsOf(own('bob')), 'apr_2')).rejects.toThrow('made what asked for it');
    const scribe = own('ada');
    const rows = rowsOf(scribe);
    expect(await reverify(scribe, rows, 'apr_2')).toMatchObject({ approvers: ['person:per_ada'] });
    const without = rows.filter((row) => !row.entry.includes('"key":"key_2"'));
    await expect(reverify(scribe, without, 'apr_2')).rejects.toThrow('does not tell who made api_key:key_2');
    const called = approvedStage().scribe;
    const gone = rowsOf(called).filter((row) => row.type !== 'key.created');
    await expect(reverify(called, gone)).rejects.toThrow('does not tell who made session:ses_1');
    const unminted = rowsOf(called).filter((row) => row.type !== 'session.minted');
    await expect(reverify(called, unminted)).rejects.toThrow('session:ses_1 does not exist at this point');
  });

  it('by an approver whom the database invented, with a second bootstrap or without any invite', async () => {
    const { scribe, asked } = pendingStage();
    const mallory = enrol(scribe, { id: 'per_mallory', name: 'Mallory', device: fixedDevice('mallory') });
    decide(scribe, asked, mallory);
    approve(scribe, asked);
    await expect(reverify(scribe)).rejects.toThrow('the gateway invited somebody by itself');
    const uninvited = rowsOf(scribe).filter(
      (row) => !row.entry.includes('inv_per_mallory') || row.type === 'approver.enrolled',
    );
    await expect(reverify(scribe, uninvited)).rejects.toThrow('there is no open invite for it');
  });

  it('by somebody who was removed before', async () => {
    const { scribe, cast, asked } = pendingStage();
    const params = { person: cast.bob.id };
    const signed = signedAct(scribe, cast.ada, { act: 'approver.remove', params });
    scribe.append('approver.removed', { principal: cast.ada.ref }, { ...params, ...signed });
    decide(scribe, asked, cast.bob);
    approve(scribe, asked);
    await expect(reverify(scribe)).rejects.toThrow('person:per_bob is not enrolled at this point');
  });
});

describe('with what the process knows of its own ledger', () => {
  async function allowedAction() {
    const { database, file, ledger, signer, clock } = await openFixture();
    const requester = 'api_key:key_1';
    const commit = async (id: string, now: number): Promise<void> => {
      const { scribe } = pendingStage();
      const asked = ask(scribe, {
        id,
        requester,
        body: { effect: 'allow', quorum: 0, expires_at: now + 600_000 },
      });
      const before = scribe.lines.length - 1;
      scribe.now = now;
      approve(scribe, asked, { basis: 'policy' });
      const entries = scribe.lines.slice(before).map((line) => JSON.parse(line).entry as EntryDraft);
      await ledger.commit({ entries: entries.map(({ type, ref, body }) => ({ type, ref, body })) });
    };
    const found = (approvalId: string, now = clock.nowMs) =>
      reverifyApproval(database, { log: signer.name, approvalId, standing: { head: ledger.head(), now } });
    return { database, file, commit, found, clock };
  }

  it('what policy allowed stands while it lasts', async () => {
    const { commit, found, clock } = await allowedAction();
    await commit('apr_free', clock.nowMs);
    expect(await found('apr_free')).toMatchObject({ basis: 'policy' });
    await expect(found('apr_free', clock.nowMs + 300_000)).rejects.toThrow('has run out');
  });

  it('entries that somebody wrote into the database do not, though nobody would have to sign them', async () => {
    const { commit, found, file, clock } = await allowedAction();
    await commit('apr_free', clock.nowMs);
    const columns = 'workspace, ts, type, action, session, subject, principal, call, leaf';
    const forge = (offset: number): string =>
      `INSERT INTO ledger (seq, approval, entry, ${columns}) SELECT seq + ${offset}, 'apr_own',
       replace(replace(entry, 'apr_free', 'apr_own'), '"seq":' || seq, '"seq":' || (seq + ${offset})), ${columns}
       FROM ledger WHERE approval = 'apr_free'`;
    tamper(file, forge(1_000));
    await expect(found('apr_own')).rejects.toThrow('was not written by this gateway');
  });

  it('and a request whose terms somebody changed in the database does not', async () => {
    const { commit, found, file, clock } = await allowedAction();
    await commit('apr_free', clock.nowMs);
    tamper(
      file,
      `UPDATE ledger SET entry = replace(entry, '"risk":"high"', '"risk":"low"') WHERE approval = 'apr_free'`,
    );
    await expect(found('apr_free')).rejects.toThrow('is not in the tree that this gateway wrote');
  });
});
