import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { definitionHash } from '../../src/core/tool-definition.ts';
import type { Sighting } from '../../src/downstream/pin.ts';
import { createPinStore } from '../../src/downstream/store.ts';
import type { EntryDraft } from '../../src/ledger/entry.ts';
import type { Change, Ledger } from '../../src/ledger/ledger.ts';
import { openLibsql } from '../../src/storage/libsql.ts';
import { temporaryFolder } from '../support/downstreams/harness.ts';

const NOTHING = { first: [], locked: [], changed: [], unlocked: [] };

function sighting(tool: string, description = 'as it was'): Sighting {
  const definition = { name: tool, description, inputSchema: { type: 'object' } };
  return { tool, definition, hash: definitionHash(definition) };
}

/** The real engine, with a ledger that keeps the entries of each applied change in memory. */
function open() {
  const database = openLibsql({ file: join(temporaryFolder(), 'test.db') });
  onTestFinished(() => database.close());
  const commits: (readonly EntryDraft[])[] = [];
  const ledger: Ledger = {
    async commit(change: Change) {
      const [applied] = await database.apply([change], () => []);
      if (applied === undefined) throw new Error('nothing was applied');
      if (applied.kind === 'applied') commits.push(change.entries);
      return applied;
    },
  };
  return { pins: createPinStore({ database, ledger, now: () => 1_000 }), commits };
}

describe('the store of pins', () => {
  it('keeps first sightings as pins, each with its entry', async () => {
    const { pins, commits } = open();
    const first = [sighting('a'), sighting('b')];
    await pins.record('bank', { ...NOTHING, first });
    const kept = await pins.read('bank');
    expect([...kept.keys()].sort()).toEqual(['a', 'b']);
    expect(kept.get('a')).toEqual({
      ...sighting('a'),
      server: 'bank',
      pinnedAt: 1_000,
      pinnedBy: 'first_seen',
      candidate: undefined,
      refusals: new Map(),
    });
    expect(await pins.read('other')).toEqual(new Map());
    const { hash } = sighting('a');
    expect(commits).toHaveLength(1);
    expect(commits[0]?.[0]).toEqual({
      type: 'tool.pinned',
      ref: { action: 'bank/a' },
      body: { server: 'bank', tool: 'a', hash },
    });
  });

  it('never replaces a pin by a sighting', async () => {
    const { pins } = open();
    await pins.record('bank', { ...NOTHING, first: [sighting('a')] });
    await pins.record('bank', { ...NOTHING, first: [sighting('a', 'changed')] });
    expect((await pins.read('bank')).get('a')?.hash).toBe(sighting('a').hash);
  });

  it('keeps a change beside the pin until the very same is accepted, once', async () => {
    const { pins, commits } = open();
    const changed = sighting('a', 'changed');
    await pins.record('bank', { ...NOTHING, first: [sighting('a')] });
    await pins.record('bank', { ...NOTHING, changed: [changed] });
    const waiting = (await pins.read('bank')).get('a');
    expect(waiting?.hash).toBe(sighting('a').hash);
    expect(waiting?.candidate).toEqual({ hash: changed.hash, definition: changed.definition, seenAt: 1_000 });
    const accept = (one: Sighting) => pins.accept({ ...one, server: 'bank', by: 'person:per_1' });
    expect(await accept(sighting('a', 'another'))).toBe(false);
    expect(await accept(changed)).toBe(true);
    expect(await accept(changed)).toBe(false);
    expect((await pins.read('bank')).get('a')).toMatchObject({
      hash: changed.hash,
      pinnedBy: 'person:per_1',
      candidate: undefined,
    });
    expect(commits.flat().map(({ type, ref }) => [type, ref.principal])).toEqual([
      ['tool.pinned', undefined],
      ['tool.quarantined', undefined],
      ['tool.accepted', 'person:per_1'],
    ]);
  });

  it('puts a locked definition in the place of any other, and keeps a tool that is not locked beside none', async () => {
    const { pins, commits } = open();
    await pins.record('bank', { ...NOTHING, first: [sighting('a'), sighting('b')] });
    const locked = sighting('a', 'locked');
    await pins.record('bank', {
      ...NOTHING,
      locked: [locked],
      changed: [sighting('a')],
      unlocked: [sighting('b')],
    });
    const kept = await pins.read('bank');
    const candidate = ({ hash, definition }: Sighting) => ({ hash, definition, seenAt: 1_000 });
    expect(kept.get('a')).toEqual({
      ...locked,
      server: 'bank',
      pinnedAt: 1_000,
      pinnedBy: 'tool_lock',
      candidate: candidate(sighting('a')),
      refusals: new Map(),
    });
    expect(kept.get('b')).toMatchObject({
      hash: undefined,
      definition: undefined,
      candidate: candidate(sighting('b')),
    });
    expect(commits.at(-1)?.map(({ type, body }) => [type, body])).toEqual([
      ['tool.pinned', { server: 'bank', tool: 'a', hash: locked.hash, by: 'tool_lock' }],
      ['tool.quarantined', { server: 'bank', tool: 'a', hash: sighting('a').hash, reason: 'changed' }],
      ['tool.quarantined', { server: 'bank', tool: 'b', hash: sighting('b').hash, reason: 'not_in_lock' }],
    ]);
    const accepted = { ...sighting('b'), server: 'bank', by: 'person:per_1' };
    expect(await pins.accept(accepted)).toBe(true);
    expect((await pins.read('bank')).get('b')).toMatchObject({
      hash: sighting('b').hash,
      candidate: undefined,
    });
  });

  it('keeps a refusal beside the pin, once and only of the candidate, until that definition is accepted', async () => {
    const { pins, commits } = open();
    const [refused, other] = [sighting('a', 'refused'), sighting('a', 'other')];
    const by = 'person:per_1';
    const refuse = ({ tool, hash }: Sighting, reason?: string) =>
      pins.refuse({ server: 'bank', tool, hash, by, reason });
    const refusals = async () => [...((await pins.read('bank')).get('a')?.refusals ?? [])];
    await pins.record('bank', { ...NOTHING, first: [sighting('a'), sighting('b')] });
    await pins.record('bank', { ...NOTHING, changed: [refused] });
    expect(await refuse(other)).toBe(false);
    expect(await refuse({ ...refused, tool: 'b' })).toBe(false);
    expect(await refuse(refused, 'no')).toBe(true);
    expect(await refuse(refused, 'again')).toBe(false);
    await pins.record('bank', { ...NOTHING, changed: [other] });
    expect(await refuse(other)).toBe(true);
    const told = { by, at: 1_000 };
    expect(await refusals()).toEqual([
      [refused.hash, { ...told, reason: 'no' }],
      [other.hash, { ...told, reason: undefined }],
    ]);
    expect((await pins.read('bank')).get('b')?.refusals).toEqual(new Map());
    expect(await pins.accept({ ...sighting('a', 'never seen'), server: 'bank', by })).toBe(false);
    // Offered again, it is not the candidate, and can still be accepted.
    expect(await pins.accept({ ...refused, server: 'bank', by })).toBe(true);
    expect((await pins.read('bank')).get('a')).toMatchObject({ ...refused, candidate: undefined });
    expect(await refusals()).toEqual([[other.hash, { ...told, reason: undefined }]]);
    await pins.record('bank', { ...NOTHING, locked: [other] });
    expect(await refusals()).toEqual([]);
    const entries = commits.flat().filter(({ type }) => type === 'tool.refused');
    expect(entries).toEqual([
      {
        type: 'tool.refused',
        ref: { action: 'bank/a', principal: by },
        body: { server: 'bank', tool: 'a', hash: refused.hash, reason: 'no' },
      },
      {
        type: 'tool.refused',
        ref: { action: 'bank/a', principal: by },
        body: { server: 'bank', tool: 'a', hash: other.hash },
      },
    ]);
  });

  it('takes a thousand tools in a few transactions', async () => {
    const { pins, commits } = open();
    const first = Array.from({ length: 1_000 }, (_, index) => sighting(`tool_${index}`));
    await pins.record('many', { ...NOTHING, first });
    expect((await pins.read('many')).size).toBe(1_000);
    expect(commits.length).toBeLessThanOrEqual(4);
    expect(commits.flat()).toHaveLength(1_000);
  });
});
