import { readdir, readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { compilePolicy } from '../../src/policy/compile.ts';
import { readDocument } from '../../src/policy/document.ts';
import { createMemoryCounters } from '../../src/policy/limits.ts';
import { runTestFiles, testFileSchema, testInput } from '../../src/policy/test-suite.ts';

interface Recipe {
  readonly title: string;
  readonly policy: string;
  readonly tests: string;
}

async function readRecipes(page: string): Promise<Recipe[]> {
  const text = await readFile(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  const sections = text.split(/^## /m).slice(1);
  // A block that belongs to no recipe would be one that nobody runs.
  expect([...text.matchAll(/^```/gm)]).toHaveLength(sections.length * 4);
  return sections.map((section) => {
    const blocks = [...section.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
    expect(blocks, section.slice(0, 80)).toHaveLength(2);
    return { title: section.split('\n')[0] ?? '', policy: blocks[0] ?? '', tests: blocks[1] ?? '' };
  });
}

const recipes = [
  ...(await readRecipes('policy-cookbook.md')),
  ...(await readRecipes('policy-cookbook-more.md')),
];

const compiled = ({ policy }: Recipe) => compilePolicy([{ name: 'recipe.yaml', text: policy }]);
const testsOf = ({ tests }: Recipe) => ({ name: 'recipe_test.yaml', text: tests });

it.each(recipes)('the recipe "$title" passes its own tests', (recipe) => {
  const { results } = runTestFiles(compiled(recipe), [testsOf(recipe)]);
  expect(results.flatMap(({ name, failures }) => failures.map((one) => `${name}: ${one}`))).toEqual([]);
});

it.each(recipes)('the tests of the recipe "$title" fail without any one of its rules', (recipe) => {
  for (const index of compiled(recipe).rules.keys()) {
    const document = parseDocument(recipe.policy);
    document.deleteIn(['rules', index]);
    const without = compilePolicy([{ name: 'recipe.yaml', text: document.toString() }]);
    const passes = () => {
      const { failed } = runTestFiles(without, [testsOf(recipe)]);
      if (failed > 0) throw new Error(`${failed} tests fail`);
    };
    expect(passes, `rule ${index}`).toThrow();
  }
});

it('every limit of the cookbook takes effect after as many calls as it says', () => {
  const limited = recipes.filter((recipe) => compiled(recipe).rules.some(({ limits }) => limits.length > 0));
  expect(limited).not.toEqual([]);
  for (const recipe of limited) {
    const policy = compiled(recipe);
    const [test] = readDocument(testsOf(recipe), testFileSchema).value?.tests ?? [];
    for (const limit of policy.rules.flatMap(({ limits }) => limits)) {
      const counters = createMemoryCounters();
      const start = testInput(test as NonNullable<typeof test>);
      const effects = Array.from({ length: limit.max + 1 }, (_, at) => {
        // Spread so that no limit with a shorter window interferes.
        const input = { ...start, now: start.now + Math.floor((at * limit.windowMs) / (limit.max + 2)) };
        const verdict = policy.evaluate(input, counters);
        policy.record(input, { verdict, counters });
        return verdict.effect;
      });
      expect(effects.slice(0, -1).every((effect) => effect === 'allow')).toBe(true);
      expect(effects.at(-1)).toBe(limit.onExceed);
    }
  }
});

it('every shipped policy names the schema by which editors complete it', async () => {
  const folder = new URL('../../policies/', import.meta.url);
  const names = (await readdir(folder)).filter(
    (name) => name.endsWith('.yaml') && !name.endsWith('_test.yaml'),
  );
  expect(names.length).toBeGreaterThan(3);
  for (const name of names) {
    const text = await readFile(new URL(name, folder), 'utf8');
    expect(text.split('\n')[0], name).toBe('# yaml-language-server: $schema=./policy.schema.json');
  }
});
