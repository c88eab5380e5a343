import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/security-tests.md'), 'utf8');
const NAMED = /^`(test\/[\w/-]+\.test\.ts)`: (.+)$/;

/** The rows of the page’s tables: what is tried, and the tests that try it. */
const ROWS = PAGE.split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (?:attack|---)/.test(line))
  .map((line) => {
    const [attack = '', , tests = ''] = line
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.trim());
    return { attack, tests: tests.split('<br>') };
  });

test('the page has a row for many attacks, and each names a test', () => {
  expect(ROWS.length).toBeGreaterThan(35);
  for (const { attack, tests } of ROWS) for (const one of tests) expect(one, attack).toMatch(NAMED);
});

test.each(ROWS)('the tests against this attack exist: $attack', ({ tests }) => {
  for (const one of tests) {
    const [, file = '', title = ''] = NAMED.exec(one) ?? [];
    expect(existsSync(join(ROOT, file)), file).toBe(true);
    const source = readFileSync(join(ROOT, file), 'utf8');
    const quoted = ["'", '"', '`'].some((quote) => source.includes(`${quote}${title}${quote}`));
    expect(quoted, `${file} has no title "${title}"`).toBe(true);
  }
});
