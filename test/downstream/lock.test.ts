import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { definitionHash } from '../../src/core/tool-definition.ts';
import type { ToolLock } from '../../src/downstream/lock.ts';
import {
  memoryPins,
  startDownstreams,
  statusOf,
  temporaryFolder,
  toolOf,
} from '../support/downstreams/harness.ts';
import { stdioServer } from '../support/downstreams/oracle.ts';

const UNRULY = fileURLToPath(new URL('../support/downstreams/unruly-main.ts', import.meta.url));

function tool(name: string, description = 'as it was'): JsonObject {
  return { name, description, inputSchema: { type: 'object' } };
}

function lockOf(...definitions: JsonObject[]): ToolLock {
  const tools = definitions.map((definition) => {
    const name = String(definition.name);
    return [name, { tool: name, hash: definitionHash(definition), definition }] as const;
  });
  return { file: '/etc/countersign.lock.json', servers: new Map([['bank', new Map(tools)]]) };
}

async function start(input: {
  offered: JsonObject[];
  lock?: ToolLock;
  pins?: ReturnType<typeof memoryPins>;
  manner?: string;
}) {
  const { offered, lock, pins = memoryPins(), manner = 'normal' } = input;
  const settings = join(temporaryFolder(), 'settings.json');
  writeFileSync(settings, JSON.stringify({ tools: offered }));
  const server = stdioServer({ name: 'bank', args: [UNRULY, settings, manner] });
  const downstreams = startDownstreams([server], { pins, lock });
  const events: object[] = [];
  downstreams.onEvent((event) => events.push(event));
  await downstreams.ready();
  return { downstreams, pins, events };
}

describe.each(['normal', 'modern'])('with a lock file, of a server that is %s', (manner) => {
  it('the first start trusts what is in the file as it stands there, and nothing else', async () => {
    const { downstreams, events } = await start({
      manner,
      offered: [tool('pay'), tool('list', 'other words'), tool('drop')],
      lock: lockOf(tool('pay'), tool('list'), tool('gone')),
    });
    const states = downstreams.catalog().tools.map((one) => [one.tool, one.state]);
    expect(states).toEqual([
      ['drop', 'quarantined'],
      ['list', 'quarantined'],
      ['pay', 'active'],
    ]);
    expect(statusOf(downstreams, 'bank')).toMatchObject({ tools: 1, quarantined: 2 });
    const drifted = events.filter((event) => 'reason' in event);
    expect(drifted).toEqual([
      {
        kind: 'tool_quarantined',
        server: 'bank',
        tool: 'list',
        hash: definitionHash(tool('list', 'other words')),
        pinned: definitionHash(tool('list')),
        reason: 'changed',
      },
      {
        kind: 'tool_quarantined',
        server: 'bank',
        tool: 'drop',
        hash: definitionHash(tool('drop')),
        pinned: undefined,
        reason: 'not_in_lock',
      },
    ]);
  });
});

describe('a lock file', () => {
  it('wins over what was trusted at first sight, or accepted, before it was there', async () => {
    const { pins } = await start({ offered: [tool('pay', 'changed'), tool('drop')] });
    const { downstreams } = await start({
      offered: [tool('pay', 'changed'), tool('drop')],
      lock: lockOf(tool('pay')),
      pins,
    });
    expect(downstreams.catalog().tools.map(({ state }) => state)).toEqual(['quarantined', 'quarantined']);
  });

  it('leaves a server shut that it does not name', async () => {
    const lock = { ...lockOf(tool('pay')), servers: new Map() };
    const { downstreams } = await start({ offered: [tool('pay')], lock });
    expect(toolOf(downstreams, 'pay')?.state).toBe('quarantined');
  });

  it('is what an operator changes, instead of accepting', async () => {
    const { downstreams } = await start({ offered: [tool('pay', 'changed')], lock: lockOf(tool('pay')) });
    await expect(
      downstreams.accept({ server: 'bank', tool: 'pay', by: 'person:per_1' }),
    ).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('/etc/countersign.lock.json'),
    });
    expect(toolOf(downstreams, 'pay')?.state).toBe('quarantined');
  });

  it('tells of a difference once, and not again at each start', async () => {
    const offered = [tool('pay', 'changed'), tool('drop')];
    const lock = lockOf(tool('pay'));
    const { pins, events } = await start({ offered, lock });
    expect(events.filter((event) => 'reason' in event)).toHaveLength(2);
    const again = await start({ offered, lock, pins });
    expect(again.events.filter((event) => 'reason' in event)).toEqual([]);
    expect(again.downstreams.catalog().tools.map(({ state }) => state)).toEqual([
      'quarantined',
      'quarantined',
    ]);
  });

  it('that is taken away opens nothing that it kept shut, until an operator accepts it', async () => {
    const { pins } = await start({ offered: [tool('pay')], lock: lockOf() });
    const { downstreams } = await start({ offered: [tool('pay')], pins });
    expect(toolOf(downstreams, 'pay')?.state).toBe('quarantined');
    await downstreams.accept({ server: 'bank', tool: 'pay', by: 'person:per_1' });
    expect(toolOf(downstreams, 'pay')?.state).toBe('active');
  });
});
