import { describe, expect, test } from 'vitest';
import type { Catalog, CatalogTool } from '../../src/downstream/catalog.ts';
import type { OfferedTool } from '../../src/gate/offer.ts';
import { createToolLists } from '../../src/mcp/tools.ts';
import type { Session } from '../../src/sessions/session.ts';

function tool(name: string): CatalogTool {
  const definition = { name, inputSchema: { type: 'object' }, outputSchema: { type: 'object' } };
  return { server: 'one', tool: name, exposed: name, definition, hash: `sha256:${name}`, state: 'active' };
}

function catalog(version: number, tools: readonly CatalogTool[]): Catalog {
  return {
    version,
    tools,
    byExposed: new Map(tools.map((one) => [one.exposed, one])),
    resources: [],
    resourceTemplates: [],
    prompts: [],
    servers: [],
  };
}

function session(id: string, scope: readonly string[]): Session {
  return {
    id,
    workspace: 'default',
    subject: 'alice',
    labels: {},
    scope,
    callCap: undefined,
    mintedBy: 'key',
    ancestors: [],
    createdAt: 0,
    expiresAt: 1,
    revokedAt: undefined,
    revokeReason: undefined,
  };
}

const THOUSAND = Array.from({ length: 1_000 }, (_, index) => tool(`tool_${index}`));

function counted() {
  const asked: string[] = [];
  const lists = createToolLists((who, of): OfferedTool[] => {
    asked.push(who.id);
    return of.tools.map((one) => ({ tool: one, mayBeHeld: one.tool.endsWith('7') }));
  });
  return { asked, lists };
}

const under = (policyVersion: string) => ({ policyVersion, cards: false });

describe('a list of a thousand tools', () => {
  test('is made once for each catalogue, policy and scope, whoever asks', () => {
    const { asked, lists } = counted();
    const first = lists(session('a', ['*']), catalog(1, THOUSAND), under('p1'));
    for (const id of ['a', 'b', 'c'])
      expect(lists(session(id, ['*']), catalog(1, THOUSAND), under('p1'))).toBe(first);
    expect(asked).toEqual(['a']);
    lists(session('b', ['*']), catalog(2, THOUSAND), under('p1'));
    lists(session('c', ['*']), catalog(2, THOUSAND), under('p2'));
    lists(session('d', ['one/*']), catalog(2, THOUSAND), under('p2'));
    expect(asked).toEqual(['a', 'b', 'c', 'd']);
    expect(JSON.parse(first.modern).tools).toHaveLength(1_001);
  });

  test('does not confuse scopes whose patterns joined look alike', () => {
    const { asked, lists } = counted();
    lists(session('a', ['x', 'y']), catalog(1, []), under('p'));
    lists(session('b', ['x,y']), catalog(1, []), under('p'));
    lists(session('c', ['xy']), catalog(1, []), under('p'));
    expect(asked).toEqual(['a', 'b', 'c']);
  });

  test('keeps outputSchema on those tools alone whose calls are never held', () => {
    const { lists } = counted();
    const { tools } = JSON.parse(lists(session('a', ['*']), catalog(1, THOUSAND), under('p')).legacy);
    const without = tools
      .filter((one: object) => !('outputSchema' in one))
      .map((one: { name: string }) => one.name);
    expect(without.slice(0, 2)).toEqual(['tool_7', 'tool_17']);
    expect(without).toHaveLength(101);
    expect(without.at(-1)).toBe('approval_wait');
  });

  test('is kept for a bounded number of scopes', () => {
    const { asked, lists } = counted();
    for (let round = 0; round < 200; round++)
      lists(session(`s${round}`, [`t${round}`]), catalog(1, []), under('p'));
    lists(session('again', ['t199']), catalog(1, []), under('p'));
    lists(session('gone', ['t0']), catalog(1, []), under('p'));
    expect(asked).toHaveLength(201);
  });
});
