import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { tryCompile } from '../../src/policy/compile.ts';
import { call } from './fixtures.ts';

/** The policies that a page shows, as a reader would copy them. */
async function policiesOf(page: string): Promise<string[]> {
  const text = await readFile(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  return blocks.filter((block) => /^version: 1$/m.test(block));
}

it.each(['policies.md', 'quorum.md'])('every policy that docs/%s shows loads', async (page) => {
  const policies = await policiesOf(page);
  expect(policies.length).toBeGreaterThan(0);
  for (const text of policies) expect(tryCompile([{ name: page, text }]).problems).toEqual([]);
});

it('the example of docs/quorum.md holds a transfer for two people with keys of their own', async () => {
  const [text = ''] = await policiesOf('quorum.md');
  const { policy } = tryCompile([{ name: 'quorum.md', text }]);
  const verdict = policy?.evaluate(call({}, { tool: 'treasury_transfer' }));
  expect(verdict).toMatchObject({
    effect: 'hold',
    retainMs: 365 * 86_400_000,
    approval: {
      quorum: 2,
      groups: ['treasury'],
      escalations: [
        { afterMs: 1_800_000, groups: ['cfo'] },
        { afterMs: 3_600_000, groups: ['board'] },
      ],
      authenticator: { backupEligible: false },
      capability: { dpop: true },
    },
  });
});
