import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { exposedName } from '../../src/downstream/name.ts';
import {
  callTool,
  eventually,
  startDownstreams,
  statusOf,
  temporaryFolder,
  textOf,
} from '../support/downstreams/harness.ts';
import { oracleServer, stdioServer } from '../support/downstreams/oracle.ts';

const UNRULY = fileURLToPath(new URL('../support/downstreams/unruly-main.ts', import.meta.url));

describe('two servers that expose one tool name', () => {
  it('at the start are refused, with both names and what to do', async () => {
    const witness = join(temporaryFolder(), 'witness');
    const downstreams = startDownstreams([
      oracleServer({ name: 'b', witness }),
      oracleServer({ name: 'a', witness }),
    ]);
    await expect(downstreams.ready()).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringMatching(
        /"crash" is claimed by "a" \(crash\) and "b" \(crash\); set a different "prefix"/,
      ),
    });
    await expect(downstreams.ready()).rejects.toMatchObject({ code: 'config_invalid' });
    expect(downstreams.catalog().byExposed.size).toBe(0);
  });

  it('are told apart by a prefix, and calls reach the right one', async () => {
    const folder = temporaryFolder();
    const plain = oracleServer({ name: 'plain', witness: join(folder, 'plain') });
    const other = { ...oracleServer({ name: 'other', witness: join(folder, 'other') }), prefix: 'o' };
    const downstreams = startDownstreams([plain, other]);
    await downstreams.ready();
    const tool = downstreams.catalog().byExposed.get('o_echo');
    expect(tool).toMatchObject({ server: 'other', tool: 'echo', definition: { name: 'o_echo' } });
    expect(textOf(await callTool(downstreams, { server: 'other', tool: 'echo', args: { text: 'x' } }))).toBe(
      'x',
    );
  });

  it('later on both lose that tool, keep the others, and get it back when the collision ends', async () => {
    const folder = temporaryFolder();
    const settings = join(folder, 'settings.json');
    const offer = (...names: string[]) => {
      const tools = ['relist', ...names].map((name) => ({ name, inputSchema: { type: 'object' } }));
      writeFileSync(settings, JSON.stringify({ tools }));
    };
    offer('double');
    const unruly = stdioServer({ name: 'unruly', args: [UNRULY, settings] });
    const downstreams = startDownstreams([unruly, oracleServer({ witness: join(folder, 'witness') })]);
    await downstreams.ready();
    const relist = () => callTool(downstreams, { server: 'unruly', tool: 'relist' });
    offer('double', 'echo');
    await relist();
    await eventually(() => !downstreams.catalog().byExposed.has('echo'));
    const { tools, byExposed } = downstreams.catalog();
    expect(tools.filter(({ tool }) => tool === 'echo').map(({ state }) => state)).toEqual([
      'quarantined',
      'quarantined',
    ]);
    expect([...byExposed.keys()]).toEqual(['crash', 'fail', 'pay', 'slow', 'double', 'relist']);
    for (const server of ['oracle', 'unruly']) {
      expect(statusOf(downstreams, server).problem).toContain(
        '"echo" is claimed by "oracle" (echo) and "unruly" (echo)',
      );
    }
    offer('double');
    await relist();
    await eventually(() => downstreams.catalog().byExposed.has('echo'));
    expect(statusOf(downstreams, 'oracle').problem).toBeUndefined();
  });

  it('and one name for two servers is refused with both places', () => {
    const witness = '/dev/null';
    const servers = [oracleServer({ witness }), { ...oracleServer({ witness }), place: 'other.json:9' }];
    expect(() => startDownstreams(servers)).toThrow(
      /other.json:9: the server name "oracle" is already used at test.json:1/,
    );
  });
});

describe('an exposed name', () => {
  it('is the own name of a tool where MCP allows that', () => {
    expect(exposedName({ prefix: undefined, tool: 'a.b/c-d_E' })).toBe('a.b/c-d_E');
    expect(exposedName({ prefix: undefined, tool: 'has space' })).toBeUndefined();
    expect(exposedName({ prefix: undefined, tool: 'раyments' })).toBeUndefined();
    expect(exposedName({ prefix: undefined, tool: 'x'.repeat(129) })).toBeUndefined();
  });

  it('with a prefix fits every client, and different tools keep different names', () => {
    expect(exposedName({ prefix: 'p', tool: 'list' })).toBe('p_list');
    const names = ['a.b', 'a/b', 'a b', 'a_b', 'x'.repeat(60), `${'x'.repeat(60)}y`].map((tool) =>
      exposedName({ prefix: 'p', tool }),
    );
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{1,50}$/);
  });
});
