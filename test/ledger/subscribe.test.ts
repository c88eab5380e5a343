import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/ledger/entry.ts';
import type { EntryFilter } from '../../src/ledger/filter.ts';
import { subscribe } from '../../src/ledger/subscribe.ts';
import { draft, type Fixture, fill, openFixture } from './fixture.ts';

function start(fixture: Fixture, options: { filter?: EntryFilter; afterSeq?: number } = {}) {
  const controller = new AbortController();
  const stream = subscribe(fixture, { filter: {}, signal: controller.signal, ...options })[
    Symbol.asyncIterator
  ]();
  return { controller, stream };
}

async function take(stream: AsyncIterator<Entry>, count: number): Promise<number[]> {
  const taken: number[] = [];
  while (taken.length < count) {
    const next = await stream.next();
    if (next.done) break;
    taken.push(next.value.seq);
  }
  return taken;
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe('a subscription', () => {
  it('gives what is stored after a sequence and then what is appended, without gap or repetition', async () => {
    const fixture = await openFixture();
    await fill(fixture.ledger, 500);
    const { stream } = start(fixture, { afterSeq: 99 });
    const taking = take(stream, 700);
    await fill(fixture.ledger, 300);
    expect(await taking).toEqual(range(100, 800));
  });

  it('gives only what comes after it was made when no sequence is given', async () => {
    const fixture = await openFixture();
    await fill(fixture.ledger, 5);
    const { stream } = start(fixture);
    await fill(fixture.ledger, 3);
    expect(await take(stream, 3)).toEqual([5, 6, 7]);
  });

  it('gives everything from the first entry on after sequence -1', async () => {
    const fixture = await openFixture();
    await fill(fixture.ledger, 3);
    expect(await take(start(fixture, { afterSeq: -1 }).stream, 3)).toEqual([0, 1, 2]);
  });

  it('gives only matching entries, stored and live', async () => {
    const fixture = await openFixture();
    const add = (session: string) => fixture.ledger.commit({ entries: [draft({ session })] });
    for (const session of ['a', 'b', 'a']) await add(session);
    const { stream } = start(fixture, { filter: { session: 'a' }, afterSeq: -1 });
    expect(await take(stream, 2)).toEqual([0, 2]);
    const taking = take(stream, 2);
    for (const session of ['b', 'a', 'b', 'a']) await add(session);
    expect(await taking).toEqual([4, 6]);
  });

  it('loses nothing when its reader falls behind by more than it buffers', async () => {
    const fixture = await openFixture();
    await fill(fixture.ledger, 1);
    const { stream } = start(fixture, { afterSeq: -1 });
    expect(await take(stream, 1)).toEqual([0]);
    await fill(fixture.ledger, 3_000);
    const taking = take(stream, 3_010);
    await fill(fixture.ledger, 10);
    expect(await taking).toEqual(range(1, 3_011));
  });

  it('does not repeat what was appended while it was reading what is stored', async () => {
    const fixture = await openFixture();
    await fill(fixture.ledger, 500);
    const { stream } = start(fixture, { afterSeq: -1 });
    expect(await take(stream, 1)).toEqual([0]);
    await fill(fixture.ledger, 300);
    const taking = take(stream, 900);
    await fill(fixture.ledger, 101);
    expect(await taking).toEqual(range(1, 901));
  });

  it('ends at once when it is aborted, waiting or not, and stops listening', async () => {
    const fixture = await openFixture();
    const listening = new Set<unknown>();
    const ledger: Fixture['ledger'] = {
      ...fixture.ledger,
      onEntries: (listener) => {
        const stop = fixture.ledger.onEntries(listener);
        listening.add(listener);
        return () => {
          listening.delete(listener);
          stop();
        };
      },
    };
    const waiting = start({ ...fixture, ledger });
    const pending = waiting.stream.next();
    expect(listening.size).toBe(1);
    waiting.controller.abort();
    expect(await pending).toEqual({ done: true, value: undefined });
    const reading = start({ ...fixture, ledger }, { afterSeq: -1 });
    await fill(ledger, 5);
    expect(await take(reading.stream, 2)).toEqual([0, 1]);
    reading.controller.abort();
    expect(await take(reading.stream, 5)).toEqual([]);
    expect(listening.size).toBe(0);
  });

  it('is refused at once with a filter that cannot be answered', async () => {
    const fixture = await openFixture();
    expect(() => start(fixture, { filter: { action: 'a*b' } })).toThrow(/^action: expected/);
  });
});
