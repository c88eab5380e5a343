import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { exposedName, nameProblem } from '../../src/downstream/name.ts';
import { startDownstreams, statusOf, temporaryFolder } from '../support/downstreams/harness.ts';
import { stdioServer } from '../support/downstreams/oracle.ts';

const UNRULY = fileURLToPath(new URL('../support/downstreams/unruly-main.ts', import.meta.url));

/** Names that differ from a plain one only in a way that nobody sees, and what is said of each. */
const LOOKALIKES: readonly (readonly [name: string, problem: RegExp])[] = [
  ['pay\u200b', /cannot be seen/],
  ['pa\u00ady', /cannot be seen/],
  ['pay\u0000', /cannot be seen/],
  ['pay\u001b[2K', /cannot be seen/],
  ['\u202epay', /cannot be seen/],
  ['pay\ufe0f', /cannot be seen/],
  ['pay\u{e0001}', /cannot be seen/],
  ['pay\u3164', /cannot be seen/],
  ['pay\ue000', /cannot be seen/],
  ['pay\u2028', /cannot be seen/],
  [' pay', /spaces/],
  ['pay ', /spaces/],
  ['pay  all', /spaces/],
  ['pay\u00a0all', /spaces/],
  ['pay\u2009all', /spaces/],
  ['cafe\u0301', /another way/],
  ['ｐａｙ', /another way/],
  ['ﬁle', /another way/],
  ['Kelvin'.replace('K', '\u212a'), /another way/],
  ['раy', /mixes scripts/],
  ['list_pаy', /mixes scripts/],
  ['pαy', /mixes scripts/],
  ['', /empty/],
];

describe('the name of a tool', () => {
  it('that nobody could tell by looking at it is refused, with the reason, whatever the prefix', () => {
    for (const [tool, problem] of LOOKALIKES) {
      expect(nameProblem(tool), JSON.stringify(tool)).toMatch(problem);
      expect(exposedName({ prefix: 'p', tool }), JSON.stringify(tool)).toBeUndefined();
      expect(exposedName({ prefix: undefined, tool }), JSON.stringify(tool)).toBeUndefined();
    }
  });

  it('may be in any script, with single spaces, where one can tell it', () => {
    const names = [
      'café',
      '获取_list',
      'получить_PDF',
      'λίστα',
      '支払う',
      'फ़ाइल',
      'list all files',
      'Ünïcödé',
    ];
    for (const tool of names) {
      expect(nameProblem(tool.normalize('NFKC')), tool).toBeUndefined();
      expect(exposedName({ prefix: 'p', tool: tool.normalize('NFKC') }), tool).toMatch(/^p_[\w-]{1,48}$/);
    }
  });

  it('that differs in its capitals alone is another name', () => {
    expect(exposedName({ prefix: undefined, tool: 'Pay' })).toBe('Pay');
    expect(exposedName({ prefix: 'p', tool: 'Pay' })).not.toBe(exposedName({ prefix: 'p', tool: 'pay' }));
  });
});

describe('a server with lookalikes', () => {
  const offer = (prefix: string | undefined) => {
    const settings = join(temporaryFolder(), 'settings.json');
    const names = ['pay', 'раy', 'pay\u200b', 'café', 'cafe\u0301'];
    const tools = names.map((name) => ({ name, inputSchema: { type: 'object' } }));
    writeFileSync(settings, JSON.stringify({ tools }));
    const server = stdioServer({ name: 'unruly', args: [UNRULY, settings] });
    return startDownstreams([prefix === undefined ? server : { ...server, prefix }]);
  };

  it('has only those offered that can be told apart, and is told which were left out and why', async () => {
    const downstreams = offer('u');
    await downstreams.ready();
    expect(downstreams.catalog().tools.map(({ tool }) => tool)).toEqual(['café', 'pay']);
    expect([...downstreams.catalog().byExposed.values()].map(({ tool }) => tool)).toEqual(['café', 'pay']);
    expect(statusOf(downstreams, 'unruly').problem).toBe(
      '3 of its tools are left out, since nobody could tell their names by looking at them: ' +
        '"cafe⟦U+0301⟧" (it holds characters that can be written in another way), ' +
        '"pay⟦U+200B⟧" (it holds characters that cannot be seen), ' +
        '"⟦U+0440⟧⟦U+0430⟧y" (it mixes scripts within a word)',
    );
  });

  it('has only legal names offered without a prefix, and is told what to do', async () => {
    const downstreams = offer(undefined);
    await downstreams.ready();
    expect(downstreams.catalog().tools.map(({ tool }) => tool)).toEqual(['pay']);
    expect(statusOf(downstreams, 'unruly').problem).toMatch(/^4 of its tools have names .* set "prefix"/);
  });
});
