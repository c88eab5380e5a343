import { describe, expect, it } from 'vitest';
import { diffWords } from '../../src/core/word-diff.ts';

function marked(before: string, after: string): string {
  const marks = { same: ['', ''], gone: ['[-', '-]'], new: ['{+', '+}'] } as const;
  return diffWords({ before, after })
    .map(({ kind, text }) => `${marks[kind][0]}${text}${marks[kind][1]}`)
    .join('');
}

describe('two texts word by word', () => {
  it.each([
    ['Pays.', 'Pays.', 'Pays.'],
    ['Moves money.', 'Moves money anywhere.', 'Moves money{+ anywhere+}.'],
    ['Reads one file.', 'Reads every file.', 'Reads [-one-]{+every+} file.'],
    ['a b c', 'c', '[-a b -]c'],
    ['one', 'two', '[-one-]{+two+}'],
    ['', 'new', '{+new+}'],
    ['pay now', 'pay\u200b now', 'pay{+\u200b+} now'],
  ])('%j and %j differ in %j', (before, after, shown) => {
    expect(marked(before, after)).toBe(shown);
  });

  it('give back both texts exactly, long ones too', () => {
    const long = (word: string) => `begin ${`${word} x `.repeat(2_000)}end`;
    for (const [before, after] of [
      [long('a'), long('b')],
      ['é\u0301 \ud83d\ude00\n\tx', 'e\u0301 \ud83d\ude01\r\n x'],
      ['\ud800 lone', 'lone \udc00'],
    ] as const) {
      const stretches = diffWords({ before, after });
      const without = (kind: string) =>
        stretches
          .filter((one) => one.kind !== kind)
          .map(({ text }) => text)
          .join('');
      expect([without('new'), without('gone')]).toEqual([before, after]);
      expect(stretches.every(({ text }) => text !== '')).toBe(true);
    }
  });
});
