import { describe, expect, it } from 'vitest';
import { getApproval } from '../../src/approvals/list.ts';
import {
  type EraseApprovalsDeps,
  eraseDueApprovals,
  eraseSettled,
} from '../../src/approvals/redaction/erase.ts';
import { replayApproval } from '../../src/approvals/replay.ts';
import { cancelApproval } from '../../src/approvals/settle-by-hand.ts';
import { redactedEntry } from '../../src/ledger/redact/erase.ts';
import { insertPayload } from '../../src/ledger/store.ts';
import type { Database } from '../../src/storage/database.ts';
import { holding, openDesk } from './desk.ts';

const CANARY = 'canary-5d1f';
const erasure = { reason: 'requested', principal: 'api_key:key_1' } as const;

async function open() {
  const desk = await openDesk();
  const { ledger, now } = desk.office.deps;
  const database = desk.office.deps.database as Database;
  const changed: string[] = [];
  const deps: EraseApprovalsDeps = {
    database,
    ledger,
    now,
    redactedEntry,
    onChanged: (id) => changed.push(id),
  };
  const cancel = (id: string) =>
    cancelApproval(desk.byHand, { id, by: 'api_key:key_1', reason: 'Not needed.' });
  /** Everything that any table of the database says, but for the ledger. */
  const stored = async (): Promise<string> => {
    const tables = ['approval', 'statement', 'decision', 'capability', 'payload'];
    const all = await Promise.all(
      tables.map((table) => database.query({ sql: `SELECT * FROM ${table}`, params: [] })),
    );
    return JSON.stringify(all);
  };
  const redactions = () => desk.office.entries('payload.redacted');
  return { desk, database, deps, changed, cancel, stored, redactions };
}

describe('erasing an approval', () => {
  it('leaves of a call that ran neither arguments, view, result, token nor a digest to guess them by', async () => {
    const { desk, database, deps, changed, stored, redactions } = await open();
    const ada = await desk.office.bootstrap();
    desk.world.answer = () => ({ kind: 'result', raw: `{"content":[],"was":"${CANARY}"}`, isError: false });
    const { approval } = await desk.hold({ to: CANARY });
    await desk.decide(ada, approval.id, 'approve');
    await replayApproval(desk.replayDeps(), approval.id);
    const [capability] = await database.query({
      sql: 'SELECT id FROM capability WHERE approval_id = ?',
      params: [approval.id],
    });
    const tokenId = String(capability?.id);
    const [outcome] = await database.query({
      sql: 'SELECT result_salt FROM approval WHERE id = ?',
      params: [approval.id],
    });
    await desk.office.deps.ledger.commit({
      then: [
        insertPayload({
          id: tokenId,
          workspace: 'default',
          commitment: 'c0',
          salt: '5a',
          ciphertext: 'sealed-token',
          subject: approval.subject,
          createdAt: desk.office.deps.now(),
        }),
      ],
      entries: [],
    });
    const secrets = [
      CANARY,
      approval.call.digest,
      approval.call.digest.slice('sha256:'.length),
      approval.action.salt,
      approval.view.salt,
      String(outcome?.result_salt),
      'sealed-token',
    ];
    const before = await stored();
    for (const secret of secrets) expect(before).toContain(secret);

    expect(await eraseSettled(deps, [approval.id], erasure)).toEqual({
      erased: [approval.id, tokenId],
      open: [],
      already: [],
    });
    const after = await stored();
    for (const secret of secrets) expect(after).not.toContain(secret);
    expect(changed).toEqual([approval.id]);
    expect(await redactions()).toMatchObject([
      {
        ref: { approval: approval.id, subject: approval.subject, principal: 'api_key:key_1' },
        body: { ids: [approval.id, tokenId], reason: 'requested' },
      },
    ]);

    const left = await getApproval({ database, workspace: 'default' }, approval.id);
    expect(left).toMatchObject({
      state: 'succeeded',
      redactedAt: desk.office.deps.now(),
      result: undefined,
      call: { kind: 'tool', server: 'bank', tool: 'pay', argumentsText: '{}', digest: '' },
      action: { commit: approval.action.commit, salt: '' },
      view: { commit: approval.view.commit, text: '', salt: '' },
    });
  });

  it('waits until it is settled, and happens once', async () => {
    const { desk, deps, cancel, redactions } = await open();
    const { approval } = await desk.hold({ to: CANARY });
    const { id } = approval;
    expect(await eraseSettled(deps, [id], erasure)).toEqual({ erased: [], open: [id], already: [] });
    expect((await desk.get(id)).call.argumentsText).toContain(CANARY);
    await cancel(id);
    const twice = await Promise.all([eraseSettled(deps, [id], erasure), eraseSettled(deps, [id], erasure)]);
    expect(twice.flatMap((one) => one.erased)).toEqual([id]);
    expect(await eraseSettled(deps, [id, 'apr_none'], erasure)).toEqual({
      erased: [],
      open: [],
      already: [id],
    });
    expect(await redactions()).toHaveLength(1);
  });

  it('lets the same call be asked about anew, but not run again under the key that it had', async () => {
    const { desk, deps } = await open();
    const ada = await desk.office.bootstrap();
    const plain = await desk.hold({ to: CANARY });
    const keyed = await desk.hold({ to: CANARY }, { key: 'order-7' });
    for (const { approval } of [plain, keyed]) await desk.decide(ada, approval.id, 'deny');
    await eraseSettled(deps, [plain.approval.id, keyed.approval.id], erasure);
    expect((await desk.hold({ to: CANARY })).created).toBe(true);
    await expect(desk.hold({ to: CANARY }, { key: 'order-7' })).rejects.toMatchObject({
      code: 'idempotency_mismatch',
    });
  });
});

describe('the retention of approvals', () => {
  it('erases what is due and settled, once, and what is still open when it is settled', async () => {
    const { desk, deps, cancel, redactions } = await open();
    const verdict = { ...holding(), retainMs: 1_000 };
    const settled = (await desk.hold({ n: 1 }, { verdict })).approval.id;
    const open_ = (await desk.hold({ n: 2 }, { verdict })).approval.id;
    const kept = (await desk.hold({ n: 3 })).approval.id;
    for (const id of [settled, kept]) await cancel(id);
    desk.office.advance(999);
    expect(await eraseDueApprovals(deps)).toBe(0);
    desk.office.advance(1);
    expect(await eraseDueApprovals(deps)).toBe(1);
    expect(await eraseDueApprovals(deps)).toBe(0);
    await cancel(open_);
    expect(await eraseDueApprovals(deps)).toBe(1);
    expect((await redactions()).map((entry) => entry.body)).toEqual([
      { ids: [settled], reason: 'retention' },
      { ids: [open_], reason: 'retention' },
    ]);
    expect((await desk.get(kept)).redactedAt).toBeUndefined();
  });
});
