import { describe, expect, it, onTestFinished } from 'vitest';
import type { Change } from '../../src/ledger/ledger.ts';
import { createSessionDirectory } from '../../src/sessions/directory.ts';
import { mintSession } from '../../src/sessions/mint.ts';
import { type NarrowDeps, narrowSession } from '../../src/sessions/narrow.ts';
import type { Database } from '../../src/storage/database.ts';
import { openOffice } from '../principals/support/office.ts';

interface Held {
  readonly id: string;
  readonly token: string;
}

/** root ─ a ─ b, and root ─ c. */
async function openTree() {
  const office = await openOffice();
  onTestFinished(() => office.close());
  const { ledger, now, newId, random } = office.deps;
  const database = office.deps.database as Database;
  const sessions = createSessionDirectory({ workspace: 'default', database, ledger, now });
  const deps: NarrowDeps = { database, ledger, sessions, now, newId, random };
  const narrow = async (parent: Held, ttlMs?: number): Promise<Held> => {
    const { session, token } = await narrowSession(deps, { token: parent.token, ttlMs });
    return { id: session.id, token };
  };
  const minted = await mintSession({ ...office.deps, defaultTtlMs: 60_000 }, {}, 'key:test');
  const root: Held = { id: minted.session.id, token: minted.token };
  const a = await narrow(root);
  const b = await narrow(a);
  const c = await narrow(root);
  const alive = async (...all: Held[]) =>
    Promise.all(all.map(async (one) => (await sessions.authenticate(one.token)) !== undefined));
  return { office, database, ledger, sessions, deps, narrow, alive, root, a, b, c };
}

const why = { by: 'key:test', reason: 'leaked' };

describe('revoking a session', () => {
  it('ends all that were narrowed from it with one entry, and nothing beside or above it', async () => {
    const { office, database, ledger, sessions, alive, root, a, b, c } = await openTree();
    await alive(root, a, b, c);
    const ended: string[] = [];
    sessions.onEnded((id) => ended.push(id));
    await sessions.revoke({ id: a.id, ...why });
    expect(await alive(root, a, b, c)).toEqual([true, false, false, true]);
    expect(ended.sort()).toEqual([a.id, b.id].sort());
    expect(await office.entries('session.revoked')).toMatchObject([
      {
        ref: { session: a.id, principal: 'key:test' },
        body: { reason: 'leaked', descendants: [b.id] },
      },
    ]);
    const restarted = createSessionDirectory({
      workspace: 'default',
      database,
      ledger,
      now: office.deps.now,
    });
    expect(await restarted.authenticate(b.token)).toBeUndefined();
    expect(await restarted.get(b.id)).toMatchObject({ revokeReason: 'leaked' });
  });

  it('names below it only what was still in force', async () => {
    const { office, sessions, narrow, alive, root, a, b, c } = await openTree();
    const short = await narrow(root, 1_000);
    await sessions.revoke({ id: a.id, ...why });
    office.advance(1_000);
    await sessions.revoke({ id: root.id, by: 'key:test', reason: 'all' });
    expect(await alive(root, a, b, c, short)).toEqual([false, false, false, false, false]);
    const [, last] = await office.entries('session.revoked');
    expect(last?.body).toEqual({ reason: 'all', descendants: [c.id] });
    expect(await sessions.get(b.id)).toMatchObject({ revokeReason: 'leaked' });
    expect(await sessions.get(short.id)).toMatchObject({ revokedAt: undefined });
  });

  it('includes a child that was made between reading the tree and writing it', async () => {
    const { office, deps, root, alive, narrow, a, b, c } = await openTree();
    const late: Held[] = [];
    const { database, ledger, now } = deps;
    const racing = createSessionDirectory({
      workspace: 'default',
      database,
      now,
      ledger: {
        commit: async (change: Change) => {
          if (late.length === 0) late.push(await narrow(c));
          return ledger.commit(change);
        },
      },
    });
    await racing.revoke({ id: root.id, ...why });
    const [entry] = await office.entries('session.revoked');
    expect(entry?.body.descendants).toEqual([a.id, b.id, c.id, late[0]?.id]);
    const restarted = createSessionDirectory({ workspace: 'default', database, ledger, now });
    expect(await restarted.authenticate(late[0]?.token ?? '')).toBeUndefined();
    expect(racing.mayStillAct(late[0]?.id ?? '')).toBe(false);
    expect(await alive(root)).toEqual([true]);
  });

  it('shuts the whole tree in this process when it could not be written', async () => {
    const { database, deps, root, a, b, c } = await openTree();
    const broken = { commit: () => Promise.reject(new Error('disk full')) };
    const directory = createSessionDirectory({
      workspace: 'default',
      database,
      ledger: broken,
      now: deps.now,
    });
    for (const one of [root, a, b, c]) expect(await directory.authenticate(one.token)).toBeDefined();
    await expect(directory.revoke({ id: root.id, ...why })).rejects.toThrow('disk full');
    for (const one of [root, a, b, c]) {
      expect(await directory.authenticate(one.token)).toBeUndefined();
      expect(directory.mayStillAct(one.id)).toBe(false);
    }
  });

  it('shuts a session in this process that was looked up before its parent was revoked', async () => {
    const { sessions, root, b } = await openTree();
    const held = await sessions.authenticate(b.token);
    if (held === undefined) throw new Error('no session');
    await sessions.revoke({ id: root.id, ...why });
    expect(sessions.isActive(held)).toBe(false);
  });
});

it('a tree is listed from any of its sessions, that one included', async () => {
  const { sessions, root, a, b, c } = await openTree();
  const ids = async (tree: string) =>
    (await sessions.list({ workspace: 'default', limit: 10, tree })).map((one) => one.id).sort();
  expect(await ids(root.id)).toEqual([root, a, b, c].map((one) => one.id).sort());
  expect(await ids(a.id)).toEqual([a.id, b.id].sort());
  expect(await ids('ses_none')).toEqual([]);
});
