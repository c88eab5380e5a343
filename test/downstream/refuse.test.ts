import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { definitionHash } from '../../src/core/tool-definition.ts';
import type { ToolLock } from '../../src/downstream/lock.ts';
import type { ServerConfig } from '../../src/downstream/server-config.ts';
import {
  memoryPins,
  startDownstreams,
  statusOf,
  temporaryFolder,
  toolOf,
} from '../support/downstreams/harness.ts';
import { stdioServer } from '../support/downstreams/oracle.ts';

const UNRULY = fileURLToPath(new URL('../support/downstreams/unruly-main.ts', import.meta.url));
const PAY = { name: 'pay', description: 'Pays.', inputSchema: { type: 'object' } };
const CHANGED = { ...PAY, description: 'Pays somebody else.' };
const BY = { server: 'bank', tool: 'pay', by: 'person:per_1' };
const REFUSE = { ...BY, hash: definitionHash(CHANGED), reason: 'not agreed' };

/** A server whose list the test changes, and the pins of the gateways before it. */
function openServer() {
  const settings = join(temporaryFolder(), 'settings.json');
  const pins = memoryPins();
  const write = (...tools: JsonObject[]) => writeFileSync(settings, JSON.stringify({ tools }));
  return {
    write,
    async start(lock?: ToolLock, ...more: readonly ServerConfig[]) {
      const server = stdioServer({ name: 'bank', args: [UNRULY, settings] });
      const downstreams = startDownstreams([server, ...more], { pins, lock });
      const drifts: string[] = [];
      downstreams.onEvent((event) => event.kind === 'tool_quarantined' && drifts.push(event.hash));
      await downstreams.ready();
      const offer = async (...tools: JsonObject[]) => {
        write(...tools);
        await downstreams.reread('bank');
        return toolOf(downstreams, 'pay')?.state;
      };
      return { downstreams, offer, drifts };
    },
  };
}

function lockOf(definition: JsonObject): ToolLock {
  const locked = { tool: 'pay', hash: definitionHash(definition), definition };
  return { file: '/etc/countersign.lock.json', servers: new Map([['bank', new Map([['pay', locked]])]]) };
}

describe('a definition', () => {
  it('is refused only as it is offered now, while it is not the accepted one, and with a reason that can be kept', async () => {
    const { write, start } = openServer();
    write(PAY);
    const { downstreams, offer } = await start();
    const refuse = (more: object) => downstreams.refuse({ ...REFUSE, ...more });
    await expect(refuse({ hash: definitionHash(PAY) })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('is the accepted one; there is nothing to refuse'),
    });
    expect(await offer(CHANGED)).toBe('quarantined');
    await expect(refuse({ tool: 'gone' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(refuse({ server: 'none' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(refuse({ hash: definitionHash(PAY) })).rejects.toMatchObject({ code: 'conflict' });
    for (const reason of ['a\0b', '\ud800'])
      await expect(refuse({ reason })).rejects.toMatchObject({ code: 'invalid_request' });
    expect(toolOf(downstreams, 'pay')).toMatchObject({ state: 'quarantined' });
    await refuse({});
    const refusal = { by: 'person:per_1', at: expect.any(Number), reason: 'not agreed' };
    expect(toolOf(downstreams, 'pay')).toMatchObject({ state: 'refused', refusal });
    expect(statusOf(downstreams, 'bank')).toMatchObject({ tools: 0, quarantined: 0, refused: 1 });
    await expect(refuse({})).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('was refused by person:per_1'),
    });
  });

  it('that was refused is no drift at the next start, and another one is', async () => {
    const { write, start } = openServer();
    write(PAY);
    const first = await start();
    await first.offer(CHANGED);
    await first.downstreams.refuse(REFUSE);
    await first.downstreams.close();
    const { offer, drifts } = await start();
    expect(await offer(CHANGED)).toBe('refused');
    expect(await offer({ ...CHANGED, title: 'Pay' })).toBe('quarantined');
    expect(await offer(CHANGED)).toBe('refused');
    expect(await offer(PAY)).toBe('active');
    expect(drifts).toEqual([definitionHash({ ...CHANGED, title: 'Pay' })]);
  });

  it('that was refused stays so where another server claims the name of its tool', async () => {
    const { write, start } = openServer();
    write(PAY);
    const others = join(temporaryFolder(), 'others.json');
    const otherOffers = (...tools: JsonObject[]) => writeFileSync(others, JSON.stringify({ tools }));
    otherOffers();
    const { downstreams, offer } = await start(
      undefined,
      stdioServer({ name: 'other', args: [UNRULY, others] }),
    );
    await offer(CHANGED);
    await downstreams.refuse(REFUSE);
    otherOffers(PAY);
    await downstreams.reread('other');
    const { tools, byExposed } = downstreams.catalog();
    expect(tools.map(({ server, state }) => [server, state])).toEqual([
      ['bank', 'refused'],
      ['other', 'quarantined'],
    ]);
    expect(byExposed.has('pay')).toBe(false);
    expect(statusOf(downstreams, 'bank').problem).toContain('is claimed by "bank" (pay) and "other" (pay)');
  });
});

describe('with a lock file', () => {
  it('nothing is refused: the file alone says what is accepted', async () => {
    const { write, start } = openServer();
    write(CHANGED);
    const { downstreams } = await start(lockOf(PAY));
    await expect(downstreams.refuse(REFUSE)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('/etc/countersign.lock.json'),
    });
    expect(toolOf(downstreams, 'pay')?.state).toBe('quarantined');
  });

  it('a definition that was refused before is accepted by the file, and drift when the file holds another', async () => {
    const { write, start } = openServer();
    write(PAY);
    const first = await start();
    await first.offer(CHANGED);
    await first.downstreams.refuse(REFUSE);
    await first.downstreams.close();
    const second = await start(lockOf(CHANGED));
    expect(toolOf(second.downstreams, 'pay')?.state).toBe('active');
    await second.downstreams.close();
    const third = await start(lockOf(PAY));
    expect(toolOf(third.downstreams, 'pay')?.state).toBe('quarantined');
  });
});
