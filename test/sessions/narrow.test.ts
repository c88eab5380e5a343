import { describe, expect, it, onTestFinished } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { createSessionDirectory } from '../../src/sessions/directory.ts';
import { type MintRequest, mintSession } from '../../src/sessions/mint.ts';
import { type NarrowDeps, narrowSession } from '../../src/sessions/narrow.ts';
import { spendCall } from '../../src/sessions/store.ts';
import type { Database } from '../../src/storage/database.ts';
import { openOffice } from '../principals/support/office.ts';

async function open() {
  const office = await openOffice();
  onTestFinished(() => office.close());
  const { ledger, now, newId, random } = office.deps;
  const database = office.deps.database as Database;
  const sessions = createSessionDirectory({ workspace: 'default', database, ledger, now });
  const deps: NarrowDeps = { database, ledger, sessions, now, newId, random };
  const mint = (request: MintRequest = {}) =>
    mintSession({ ...office.deps, defaultTtlMs: 60_000 }, request, 'key:test');
  return { office, database, ledger, sessions, deps, mint };
}

const revocation = { by: 'key:test', reason: 'leaked' };

describe('a child session', () => {
  it('has its parent’s subject and labels, a scope within it, and an entry that names its line', async () => {
    const { office, sessions, deps, mint } = await open();
    const root = await mint({ subject: 'ann', labels: { team: 'ops' }, tools: ['bank/*', '!bank/pay'] });
    const child = await narrowSession(deps, { token: root.token, tools: ['bank/read_*'], ttlMs: 5_000 });
    const grandchild = await narrowSession(deps, { token: child.token, callCap: 2 });
    expect(child.session).toMatchObject({
      subject: 'ann',
      labels: { team: 'ops' },
      scope: ['bank/read_*', '!bank/pay'],
      mintedBy: `session:${root.session.id}`,
      ancestors: [root.session.id],
      expiresAt: office.deps.now() + 5_000,
    });
    expect(await sessions.authenticate(grandchild.token)).toEqual({
      ...grandchild.session,
      calls: 0,
    });
    expect(grandchild.session).toMatchObject({
      scope: child.session.scope,
      expiresAt: child.session.expiresAt,
      callCap: 2,
    });
    const entries = await office.entries('session.narrowed');
    expect(entries[1]).toMatchObject({
      ref: {
        session: grandchild.session.id,
        subject: 'ann',
        principal: `session:${child.session.id}`,
      },
      body: { ancestors: [root.session.id, child.session.id], call_cap: 2, scope: child.session.scope },
    });
    expect(JSON.stringify(entries)).not.toContain(grandchild.token);
  });

  it.each<[string, string[], RegExp]>([
    ['scope[0]', ['*'], /"\*" reaches further/],
    ['scope[1]', ['bank/a', 'shop/a'], /bank\/\* !bank\/pay.*"shop\/a" reaches further/],
    ['scope[0]', ['pay'], /reaches further/],
    ['scope[0]', ['resource:bank/*'], /reaches further/],
    ['scope', ['!bank/a'], /at least one pattern without/],
    ['scope', [], /between 1 and/],
    ['scope[0]', ['a b'], /without spaces/],
  ])('is refused when its scope is wider, and the refusal names %s of %j', async (field, tools, words) => {
    const { deps, mint } = await open();
    const { token } = await mint({ tools: ['bank/*', '!bank/pay'] });
    const refused = narrowSession(deps, { token, tools });
    await expect(refused).rejects.toMatchObject({ code: 'invalid_request', fields: [{ field }] });
    await expect(refused).rejects.toThrow(words);
  });

  it('is refused when it would outlive its parent; the refusal says when that ends', async () => {
    const { deps, mint } = await open();
    const { token } = await mint();
    const refused = narrowSession(deps, { token, ttlMs: 60_001 });
    await expect(refused).rejects.toMatchObject({
      code: 'invalid_request',
      fields: [{ field: 'expires_in' }],
    });
    await expect(refused).rejects.toThrow('2026-01-05T12:01:00');
    await expect(narrowSession(deps, { token, ttlMs: 999 })).rejects.toThrow(/at least 1 seconds/);
    expect((await narrowSession(deps, { token, ttlMs: 60_000 })).session).toBeDefined();
  });

  it('gets no child when its token is unknown, or its parent has expired or was revoked', async () => {
    const { office, sessions, deps, mint } = await open();
    const [lost, late] = [await mint(), await mint()];
    await sessions.revoke({ id: lost.session.id, ...revocation });
    office.advance(60_000);
    for (const token of [lost.token, late.token, `cst_${'a'.repeat(43)}`, ''])
      await expect(narrowSession(deps, { token })).rejects.toMatchObject({ code: 'not_found' });
    expect(await office.entries('session.narrowed')).toEqual([]);
  });

  it('does not come to life when its parent is revoked while it is being made', async () => {
    const { sessions, deps, mint } = await open();
    const parent = await mint();
    const racing: NarrowDeps = {
      ...deps,
      ledger: {
        commit: async (change) => {
          await sessions.revoke({ id: parent.session.id, ...revocation });
          return deps.ledger.commit(change);
        },
      },
    };
    const refused = narrowSession(racing, { token: parent.token });
    await expect(refused).rejects.toMatchObject({ code: 'not_found' });
    expect(await sessions.list({ workspace: 'default', limit: 9, tree: parent.session.id })).toHaveLength(1);
  });

  it('whose token was not yet given out when its parent was revoked is never given out', async () => {
    const { database, sessions, deps, mint } = await open();
    const parent = await mint();
    const racing: NarrowDeps = {
      ...deps,
      ledger: {
        commit: async (change) => {
          const applied = await deps.ledger.commit(change);
          await sessions.revoke({ id: parent.session.id, ...revocation });
          return applied;
        },
      },
    };
    await expect(narrowSession(racing, { token: parent.token })).rejects.toMatchObject({
      code: 'not_found',
    });
    const live = await database.query({
      sql: 'SELECT id FROM session WHERE revoked_at IS NULL',
      params: [],
    });
    expect(live).toEqual([]);
  });

  it('is not given out while its parent’s revocation is still being written', async () => {
    const { database, ledger, deps, mint } = await open();
    const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow = createSessionDirectory({
      workspace: 'default',
      database,
      now: deps.now,
      ledger: {
        commit: async (change) => {
          reached.resolve();
          await gate.promise;
          return ledger.commit(change);
        },
      },
    });
    const parent = await mint();
    const revoking: Promise<unknown>[] = [];
    const racing: NarrowDeps = {
      ...deps,
      sessions: slow,
      ledger: {
        commit: async (change) => {
          revoking.push(slow.revoke({ id: parent.session.id, ...revocation }));
          await reached.promise;
          return ledger.commit(change);
        },
      },
    };
    const refused = narrowSession(racing, { token: parent.token });
    await expect(refused).rejects.toMatchObject({ code: 'not_found' });
    gate.resolve();
    await Promise.all(revoking);
    const states = await slow.list({ workspace: 'default', limit: 9, tree: parent.session.id });
    expect(states.map((one) => one.revokeReason)).toEqual(['leaked', 'leaked']);
  });

  it(`may be narrowed until it is ${LIMITS.sessionDepth} below the first session`, async () => {
    const { deps, mint } = await open();
    let { token } = await mint();
    for (let depth = 1; depth <= LIMITS.sessionDepth; depth += 1)
      token = (await narrowSession(deps, { token })).token;
    await expect(narrowSession(deps, { token })).rejects.toMatchObject({ code: 'forbidden' });
  });

  it(`finds no room in a tree of ${LIMITS.sessionsPerTree} sessions in force, under a race too`, async () => {
    const { office, database, deps, mint } = await open();
    const root = await mint();
    const first = await narrowSession(deps, { token: root.token, ttlMs: 1_000 });
    const made = await Promise.allSettled(
      Array.from({ length: LIMITS.sessionsPerTree + 20 }, (_, index) =>
        narrowSession(deps, { token: index % 2 === 0 ? root.token : first.token, ttlMs: 1_000 }),
      ),
    );
    expect(made.filter((one) => one.status === 'fulfilled')).toHaveLength(LIMITS.sessionsPerTree - 2);
    for (const one of made)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'rate_limited' });
    expect(await database.query({ sql: 'SELECT count(*) AS n FROM session', params: [] })).toEqual([
      { n: LIMITS.sessionsPerTree },
    ]);
    office.advance(1_000);
    expect((await narrowSession(deps, { token: root.token })).session.ancestors).toHaveLength(1);
  });
});

describe('the calls of a child', () => {
  it('are taken from a parent with a cap, once, and never more than it has left', async () => {
    const { ledger, sessions, deps, mint } = await open();
    const { session, token } = await mint({ callCap: 10 });
    await ledger.commit({ guard: spendCall(session.id), entries: [] });
    const child = await narrowSession(deps, { token, callCap: 6 });
    expect((await sessions.get(session.id))?.calls).toBe(7);
    expect(sessions.callsOf(session.id)).toBe(7);
    await expect(narrowSession(deps, { token, callCap: 4 })).rejects.toThrow(/from 1 to 3/);
    await expect(narrowSession(deps, { token })).rejects.toMatchObject({ fields: [{ field: 'call_cap' }] });
    const spent = [session.id, child.session.id].map((id) =>
      Promise.all(Array.from({ length: 20 }, () => ledger.commit({ guard: spendCall(id), entries: [] }))),
    );
    const made = (await Promise.all(spent)).map((all) => all.filter((one) => one.kind === 'applied').length);
    expect(made).toEqual([3, 6]);
    await expect(narrowSession(deps, { token, callCap: 1 })).rejects.toThrow(/used or lent all 10/);
  });

  it('are not lent twice under a race', async () => {
    const { sessions, deps, mint } = await open();
    const { session, token } = await mint({ callCap: 10 });
    const made = await Promise.allSettled(
      Array.from({ length: 20 }, () => narrowSession(deps, { token, callCap: 3 })),
    );
    expect(made.filter((one) => one.status === 'fulfilled')).toHaveLength(3);
    expect((await sessions.get(session.id))?.calls).toBe(9);
  });

  it('stay spent for the parent when the child is revoked', async () => {
    const { sessions, deps, mint } = await open();
    const { session, token } = await mint({ callCap: 10 });
    const child = await narrowSession(deps, { token, callCap: 6 });
    await sessions.revoke({ id: child.session.id, ...revocation });
    expect((await sessions.get(session.id))?.calls).toBe(6);
  });

  it.each([0, 1.5, -1])('may not number %s, also under a parent without a cap', async (callCap) => {
    const { deps, mint } = await open();
    const { token } = await mint();
    await expect(narrowSession(deps, { token, callCap })).rejects.toMatchObject({
      fields: [{ field: 'call_cap' }],
    });
  });
});
