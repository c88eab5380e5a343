import { beforeAll, expect, it } from 'vitest';
import { compare } from './compare.ts';
import { isClean, reportOf, type Section } from './report.ts';
import { REVISIONS } from './suite.ts';
import { TOPOLOGIES } from './topology.ts';

const compared = new Map<string, Section>();

beforeAll(async () => {
  const sections = await compare({ topologies: TOPOLOGIES, revisions: REVISIONS });
  for (const section of sections) compared.set(section.name, section);
}, 240_000);

function expectClean(name: string): void {
  const section = compared.get(name);
  expect(section?.checks).toBeGreaterThan(300);
  expect(section !== undefined && isClean(section), reportOf([...compared.values()])).toBe(true);
}

it('the fixture passes every check of the official suites that its baseline does not explain', () => {
  expectClean('direct');
});

it('a gateway before a server of the client’s own era makes no difference in any check', () => {
  expectClean('transparent');
});

it('a gateway that joins two servers and holds some of their tools makes no difference in any check', () => {
  expectClean('union');
});

it('a gateway between two eras makes no difference but those that its baseline explains', () => {
  expectClean('crossed');
});
