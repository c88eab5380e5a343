import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { goodLog } from './support/good-log.ts';
import { logKey } from './support/scribe.ts';
import { bothAccept, bothRefuse } from './support/verify.ts';

let text = '';
let lines: readonly string[] = [];
let entries: readonly number[] = [];

beforeAll(() => {
  const { scribe } = goodLog();
  scribe.signer = logKey(9);
  // A second signature on a note may be of a key that nobody knows; only one that must be there is looked at here.
  const isSignedTwice = (line: string): boolean => (line.match(/\\n— /g) ?? []).length > 1;
  lines = scribe
    .export()
    .split('\n')
    .filter((line) => line !== '' && !isSignedTwice(line));
  text = `${lines.join('\n')}\n`;
  entries = lines.flatMap((line, index) => (line.startsWith('{"entry":') ? [index] : []));
});

const joined = (changed: readonly string[]): string => `${changed.join('\n')}\n`;
const anEntry = fc.nat().map((at) => entries[at % entries.length] as number);

/** The last checkpoint and everything else that is no remark, disclosure or checkpoint in between. */
function isNeeded(index: number): boolean {
  return entries.includes(index) || index === 0 || index >= lines.length - 2;
}

describe('whatever is done to an export, both verifiers refuse it', () => {
  it('when one entry is left out', async () => {
    for (const index of entries) await bothRefuse(joined(lines.toSpliced(index, 1)));
  });

  it('when entries trade places', async () => {
    const trade = fc.tuple(anEntry, anEntry).filter(([a, b]) => a !== b);
    await fc.assert(
      fc.asyncProperty(trade, async ([a, b]) => {
        await bothRefuse(joined(lines.with(a, lines[b] as string).with(b, lines[a] as string)));
      }),
      { numRuns: 25 },
    );
  });

  it('when one entry is there twice', async () => {
    await fc.assert(
      fc.asyncProperty(anEntry, anEntry, async (from, to) => {
        await bothRefuse(joined(lines.toSpliced(to, 0, lines[from] as string)));
      }),
      { numRuns: 25 },
    );
  });

  it('when it ends after any of its lines', async () => {
    for (let count = 1; count < lines.length; count += 5) await bothRefuse(joined(lines.slice(0, count)));
  });

  it('when one character of an entry, a text, a note or the end is another', async () => {
    const spot = fc.tuple(fc.nat(), fc.nat(), fc.constantFrom(...'09afAF{}":,\\x'));
    await fc.assert(
      fc.asyncProperty(spot, async ([line, column, character]) => {
        const index = 1 + (line % (lines.length - 1));
        const old = lines[index] as string;
        const at = column % old.length;
        fc.pre(old[at] !== character);
        const flipped = old.slice(0, at) + character + old.slice(at + 1);
        await bothRefuse(joined(lines.with(index, flipped)), { sameEntry: false });
      }),
      { numRuns: 100 },
    );
  });

  it('and what may be left out changes nothing', async () => {
    await bothAccept(joined(lines.filter((_line, index) => isNeeded(index))));
  });
});

it('the fixture is good before anything is done to it', async () => {
  expect(entries.length).toBeGreaterThan(80);
  await bothAccept(text);
});
