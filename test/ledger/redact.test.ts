import { describe, expect, it } from 'vitest';
import { commitment } from '../../src/core/digest.ts';
import { CountersignError } from '../../src/core/errors.ts';
import { systemRandomBytes } from '../../src/core/ids.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { sealPayload } from '../../src/ledger/payload.ts';
import { eraseDueSidecars, eraseSidecars } from '../../src/ledger/redact/erase.ts';
import { type RedactDeps, redactOne, redactSubject } from '../../src/ledger/redact/redact.ts';
import { insertPayload } from '../../src/ledger/store.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { type Fault, faultsInTurn, faultyDatabase } from '../support/faulty-database.ts';
import { type FixtureOptions, openFixture } from './fixture.ts';

const WORKSPACE = 'default';
const key = new Uint8Array(32).fill(3);
const erasure = { reason: 'requested', principal: 'api_key:key_1' } as const;

async function open(options: FixtureOptions = {}) {
  const fixture = await openFixture(options);
  const { database, ledger, clock } = fixture;
  const asked: (readonly string[])[] = [];
  const deps: RedactDeps = {
    database,
    ledger,
    workspace: WORKSPACE,
    eraseJobs: async () => ({ erased: [], open: [], already: [] }),
    async eraseApprovals(ids) {
      if (ids.length > 0) asked.push(ids);
      return {
        erased: ids.filter((id) => id.startsWith('apr_done')),
        open: ids.filter((id) => id.startsWith('apr_open')),
        already: ids.filter((id) => id.startsWith('apr_gone')),
      };
    },
  };
  /** A call with its arguments kept beside the ledger. */
  const record = async (id: string, { subject = 'ann', eraseAt = undefined as number | undefined } = {}) => {
    const salt = systemRandomBytes(32);
    const text = `{"of":"${id}"}`;
    const commit = commitment(salt, text);
    const sealed = sealPayload({ key, random: systemRandomBytes }, { commitment: commit, text });
    const row = {
      id,
      workspace: WORKSPACE,
      commitment: commit,
      salt: Buffer.from(salt).toString('hex'),
      ciphertext: sealed,
      subject,
      createdAt: clock.nowMs,
      eraseAt,
    };
    const ref = { call: id, subject };
    await ledger.commit({
      then: [insertPayload(row)],
      entries: [{ type: 'call.intent', ref, body: { arguments: commit } }],
    });
  };
  const approval = (id: string, subject = 'ann') =>
    ledger.commit({
      entries: [{ type: 'approval.requested', ref: { approval: id, subject }, body: {} }],
    });
  const kept = async (): Promise<string[]> =>
    (await database.query({ sql: 'SELECT id FROM payload ORDER BY id', params: [] })).map((row) =>
      String(row.id),
    );
  const redactions = async (): Promise<any[]> =>
    (
      await database.query({
        sql: "SELECT entry FROM ledger WHERE type = 'payload.redacted' ORDER BY seq",
        params: [],
      })
    ).map((row) => JSON.parse(String(row.entry)));
  const verifies = async () => {
    await ledger.checkpointNow();
    return (await verifyLedger(database, { vkey: fixture.signer.vkey })).ok;
  };
  return { ...fixture, deps, asked, record, approval, kept, redactions, verifies };
}

describe('redacting one payload', () => {
  it('erases it with its salt, says so on the ledger, and every entry still verifies', async () => {
    const { deps, record, kept, redactions, verifies } = await open();
    await record('req_1');
    await record('req_2');
    expect(await redactOne(deps, { id: 'req_1', principal: 'api_key:key_1' })).toEqual({
      redacted: ['req_1'],
      open: [],
      next: undefined,
    });
    expect(await kept()).toEqual(['req_2']);
    expect(await redactions()).toMatchObject([
      { ref: { call: 'req_1', principal: 'api_key:key_1' }, body: { ids: ['req_1'], reason: 'requested' } },
    ]);
    expect(await verifies()).toBe(true);
  });

  it.each([
    ['an unknown call', 'req_none', 'not_found'],
    ['an unknown approval', 'apr_none', 'not_found'],
    ['an approval that is under way', 'apr_open', 'conflict'],
    ['a session', 'ses_1', 'invalid_request'],
  ])('is refused for %s', async (_what, id, code) => {
    const { deps, redactions } = await open();
    await expect(redactOne(deps, { id, principal: 'api_key:key_1' })).rejects.toMatchObject({ code });
    expect(await redactions()).toEqual([]);
  });

  it('of an approval that was erased before changes nothing and is no error', async () => {
    const { deps } = await open();
    const done = await redactOne(deps, { id: 'apr_gone', principal: 'api_key:key_1' });
    expect(done.redacted).toEqual([]);
  });

  it.each<[Fault, boolean]>([
    ['lost', false],
    ['commit_lost', false],
    ['commit_kept', true],
  ])('that ends with the fault %s has erased and recorded both or neither', async (fault, isKept) => {
    const faults: Fault[] = [];
    const plan = { apply: () => faults.shift() ?? ('ok' as Fault) };
    const { deps, record, kept, redactions, verifies } = await open({
      wrap: (database) => faultyDatabase(database, plan),
    });
    await record('req_1');
    faults.push(fault);
    await expect(redactOne(deps, { id: 'req_1', principal: 'api_key:key_1' })).rejects.toBeInstanceOf(
      CountersignError,
    );
    expect(await kept()).toEqual(isKept ? [] : ['req_1']);
    expect(await redactions()).toHaveLength(isKept ? 1 : 0);
    expect(await verifies()).toBe(true);
  });

  it('by two at once is recorded once for each payload', async () => {
    const { deps, record, redactions } = await open();
    for (const id of ['req_1', 'req_2', 'req_3']) await record(id);
    const done = await Promise.all([
      eraseSidecars(deps, ['req_1', 'req_2'], erasure),
      eraseSidecars(deps, ['req_2', 'req_3'], erasure),
      eraseSidecars(deps, ['req_2'], erasure),
    ]);
    expect(done.flat().sort()).toEqual(['req_1', 'req_2', 'req_3']);
    const named = (await redactions()).flatMap((entry) => entry.body.ids);
    expect(named.sort()).toEqual(['req_1', 'req_2', 'req_3']);
  });
});

describe('redacting a subject', () => {
  it('erases all of that subject and nothing of another', async () => {
    const { deps, asked, record, approval, kept, redactions, verifies } = await open();
    await record('req_1');
    await approval('apr_done1');
    await record('req_2', { subject: 'bob' });
    await approval('apr_open1');
    await approval('apr_done2', 'bob');
    expect(await redactSubject(deps, { subject: 'ann', principal: 'api_key:key_1' })).toEqual({
      redacted: ['req_1', 'apr_done1'],
      open: ['apr_open1'],
      next: undefined,
    });
    expect(asked).toEqual([['apr_done1', 'apr_open1']]);
    expect(await kept()).toEqual(['req_2']);
    expect(await redactions()).toMatchObject([
      { ref: { subject: 'ann' }, body: { ids: ['req_1'], reason: 'requested', subject: 'ann' } },
    ]);
    expect(await verifies()).toBe(true);
  });

  it('goes in bounded steps that can be taken up again anywhere, and names each payload once', async () => {
    const { deps, ledger, record, kept, redactions, verifies } = await open();
    const count = LIMITS.redactionBatch + 20;
    await Promise.all(Array.from({ length: count }, (_, index) => record(`req_${index}`)));
    await ledger.commit({ entries: [{ type: 'call.outcome', ref: { subject: 'ann' }, body: {} }] });
    const step = (after?: number) =>
      redactSubject(deps, { subject: 'ann', principal: 'api_key:key_1', after });
    const first = await step();
    expect(first.redacted).toHaveLength(LIMITS.redactionBatch);
    expect(await kept()).toHaveLength(20);
    // The answer to the first step was lost: it is taken again.
    const again = await step();
    expect(again).toEqual({ ...first, redacted: [] });
    const second = await step(again.next);
    expect(second.redacted).toHaveLength(20);
    expect(await kept()).toEqual([]);
    const named = (await redactions()).flatMap((entry) => entry.body.ids);
    expect(new Set(named).size).toBe(count);
    expect(named).toHaveLength(count);
    let { next } = second;
    while (next !== undefined) ({ next } = await step(next));
    expect(await verifies()).toBe(true);
  });

  it('that no entry is about is not found', async () => {
    const { deps } = await open();
    await expect(redactSubject(deps, { subject: 'nobody', principal: 'x' })).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('retention', () => {
  it('erases what is due in bounded batches, with one entry for each, and leaves the rest', async () => {
    const { deps, clock, record, kept, redactions, verifies } = await open();
    const due = LIMITS.redactionBatch + 1;
    const at = clock.nowMs + 1_000;
    await Promise.all(Array.from({ length: due }, (_, index) => record(`req_${index}`, { eraseAt: at })));
    await record('req_later', { eraseAt: at + 1 });
    await record('req_forever');
    expect(await eraseDueSidecars(deps, at - 1)).toBe(0);
    expect(await eraseDueSidecars(deps, at)).toBe(LIMITS.redactionBatch);
    expect(await eraseDueSidecars(deps, at)).toBe(1);
    expect(await eraseDueSidecars(deps, at)).toBe(0);
    expect(await kept()).toEqual(['req_forever', 'req_later']);
    expect(await redactions()).toMatchObject([
      { ref: { principal: 'gateway:sweep' }, body: { reason: 'retention' } },
      { ref: { principal: 'gateway:sweep' }, body: { reason: 'retention' } },
    ]);
    expect(await verifies()).toBe(true);
  });

  it('that was cut off goes on with the next sweep', async () => {
    const plan = { faults: undefined as ReturnType<typeof faultsInTurn> | undefined };
    const { deps, clock, record, kept, redactions } = await open({
      wrap: (database) => faultyDatabase(database, { apply: (count) => plan.faults?.apply(count) ?? 'ok' }),
    });
    await record('req_1', { eraseAt: clock.nowMs });
    plan.faults = faultsInTurn('lost');
    await expect(eraseDueSidecars(deps, clock.nowMs)).rejects.toThrow();
    expect(await kept()).toEqual(['req_1']);
    expect(await eraseDueSidecars(deps, clock.nowMs)).toBe(1);
    expect(await redactions()).toHaveLength(1);
  });
});
