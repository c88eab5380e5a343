import { describe, expect, it, onTestFinished } from 'vitest';
import { sha256Hex } from '../../src/core/digest.ts';
import { createSessionDirectory } from '../../src/sessions/directory.ts';
import { type MintRequest, mintSession } from '../../src/sessions/mint.ts';
import { sessionState } from '../../src/sessions/session.ts';
import { spendCall } from '../../src/sessions/store.ts';
import type { Database } from '../../src/storage/database.ts';
import { openOffice } from '../principals/support/office.ts';

async function open() {
  const office = await openOffice();
  onTestFinished(() => office.close());
  const database = office.deps.database as Database;
  const { ledger, now } = office.deps;
  const directory = createSessionDirectory({ workspace: 'default', database, ledger, now });
  const mint = (request: MintRequest = {}) =>
    mintSession({ ...office.deps, defaultTtlMs: 60_000 }, request, 'key:test');
  return { office, database, ledger, now, directory, mint };
}

describe('minting a session', () => {
  it('gives a token of 256 bits that is stored only as its hash, and says everything else on the ledger', async () => {
    const { office, database, mint } = await open();
    const { session, token } = await mint({
      subject: 'ann',
      labels: { team: 'ops' },
      tools: ['bank/*', '!bank/pay'],
      callCap: 3,
    });
    expect(token).toMatch(/^cst_[A-Za-z0-9_-]{43}$/);
    const rows = await database.query({ sql: 'SELECT * FROM session', params: [] });
    expect(rows).toHaveLength(1);
    expect(rows[0]?.token_hash).toBe(sha256Hex(token));
    const [entry] = await office.entries('session.minted');
    expect(entry).toMatchObject({
      ref: { session: session.id, subject: 'ann', principal: 'key:test' },
      body: { scope: ['bank/*', '!bank/pay'], call_cap: 3, labels: { team: 'ops' } },
    });
    expect(JSON.stringify([rows, entry])).not.toContain(token);
  });

  it.each<[string, MintRequest]>([
    ['ttl_ms', { ttlMs: 999 }],
    ['ttl_ms', { ttlMs: 1_000.5 }],
    ['ttl_ms', { ttlMs: 31 * 24 * 3_600_000 }],
    ['subject', { subject: 'two words' }],
    ['labels', { labels: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`l${n}`, ''])) }],
    ['labels.a b', { labels: { 'a b': '' } }],
    ['labels.long', { labels: { long: 'x'.repeat(257) } }],
    ['tools', { tools: [] }],
    ['tools[1]', { tools: ['*', 'a b'] }],
    ['call_cap', { callCap: 0 }],
  ])('refuses a bad %s and names it (%o)', async (field, request) => {
    const { mint } = await open();
    await expect(mint(request)).rejects.toMatchObject({ code: 'invalid_request', fields: [{ field }] });
  });
});

describe('a session', () => {
  it('is found by its token until the millisecond when it expires', async () => {
    const { office, directory, mint } = await open();
    const { session, token } = await mint();
    office.advance(59_999);
    expect((await directory.authenticate(token))?.id).toBe(session.id);
    office.advance(1);
    expect(await directory.authenticate(token)).toBeUndefined();
    expect(directory.isActive(session)).toBe(false);
  });

  it('that is revoked is refused by the very next look-up, in this process and after a restart', async () => {
    const { office, database, ledger, now, directory, mint } = await open();
    const { session, token } = await mint();
    const ended: string[] = [];
    directory.onEnded((id) => ended.push(id));
    await directory.authenticate(token);
    const revoked = await directory.revoke({ id: session.id, by: 'key:test', reason: 'leaked' });
    expect(sessionState(revoked, now())).toBe('revoked');
    expect(ended).toEqual([session.id]);
    expect(await directory.authenticate(token)).toBeUndefined();
    expect(directory.isActive(session)).toBe(false);
    expect(directory.mayStillAct(session.id)).toBe(false);
    const next = createSessionDirectory({ workspace: 'default', database, ledger, now });
    expect(await next.authenticate(token)).toBeUndefined();
    const again = await directory.revoke({ id: session.id, by: 'key:test', reason: 'again' });
    expect(again.revokeReason).toBe('leaked');
    expect(await office.entries('session.revoked')).toHaveLength(1);
  });

  it('stays shut in this process when its revocation could not be written', async () => {
    const { database, now, mint } = await open();
    const { session, token } = await mint();
    const broken = { commit: () => Promise.reject(new Error('disk full')) };
    const directory = createSessionDirectory({ workspace: 'default', database, ledger: broken, now });
    expect(await directory.authenticate(token)).toBeDefined();
    await expect(directory.revoke({ id: session.id, by: 'key:test', reason: 'leaked' })).rejects.toThrow();
    expect(await directory.authenticate(token)).toBeUndefined();
  });

  it('that expired is reported once to whoever holds streams open', async () => {
    const { office, directory, mint } = await open();
    const { session, token } = await mint();
    const ended: string[] = [];
    directory.onEnded((id) => ended.push(id));
    await directory.authenticate(token);
    directory.sweep();
    expect(ended).toEqual([]);
    office.advance(60_000);
    directory.sweep();
    await directory.authenticate(token);
    directory.sweep();
    expect(ended).toEqual([session.id]);
  });

  it.each(['', 'cst_short', `cst_${'a'.repeat(43)}`, `CST_${'a'.repeat(43)}`, 'cs_key'])(
    'does not exist for the token "%s"',
    async (token) => {
      const { directory } = await open();
      expect(await directory.authenticate(token)).toBeUndefined();
    },
  );

  it('spends its calls one by one, and no more than its cap under a hundred at once', async () => {
    const { ledger, directory, mint } = await open();
    const { session } = await mint({ callCap: 10 });
    const spent = await Promise.all(
      Array.from({ length: 100 }, () => ledger.commit({ guard: spendCall(session.id), entries: [] })),
    );
    expect(spent.filter((one) => one.kind === 'applied')).toHaveLength(10);
    expect((await directory.get(session.id))?.calls).toBe(10);
  });

  it('is listed newest first in pages that neither repeat nor leave out any', async () => {
    const { office, directory, mint } = await open();
    const minted: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      minted.unshift((await mint()).session.id);
      office.advance(n % 2);
    }
    const first = await directory.list({ workspace: 'default', limit: 3 });
    const last = first.at(-1);
    if (last === undefined) throw new Error('an empty page');
    const rest = await directory.list({
      workspace: 'default',
      limit: 3,
      before: { createdAt: last.createdAt, id: last.id },
    });
    expect([...first, ...rest].map((one) => one.id).sort()).toEqual(minted.sort());
    expect(await directory.list({ workspace: 'other', limit: 3 })).toEqual([]);
  });

  it('that nobody knows cannot be revoked', async () => {
    const { directory } = await open();
    await expect(directory.revoke({ id: 'ses_none', by: 'key:test', reason: '' })).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});
