import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Downstreams, WatchOutcome } from '../../src/downstream/catalog.ts';
import {
  callTool,
  eventually,
  startDownstreams,
  statusOf,
  temporaryFolder,
  textOf,
} from '../support/downstreams/harness.ts';
import { httpServer, startHttpFixture } from '../support/downstreams/http-fixture.ts';
import { oracleServer, stdioServer } from '../support/downstreams/oracle.ts';
import { startV1Server } from '../support/downstreams/sdk-v1-server.ts';
import { startV2Server } from '../support/downstreams/sdk-v2-server.ts';
import { createV1Asker } from '../support/downstreams/v1-asker.ts';

const ASKER = fileURLToPath(new URL('../support/downstreams/v1-asker-main.ts', import.meta.url));
const V2_ASKER = fileURLToPath(new URL('../support/downstreams/v2-asker-main.ts', import.meta.url));
const MOTTO = 'test://motto';
const OTHER = 'test://other';

async function startLegacy(kind: 'stdio' | 'http' | 'sse') {
  const { url, sseUrl } = kind === 'stdio' ? { url: '', sseUrl: '' } : await startV1Server(createV1Asker);
  const config =
    kind === 'stdio'
      ? stdioServer({ name: 'asker', args: [ASKER] })
      : httpServer({ name: 'asker', kind, url: kind === 'http' ? url : sseUrl });
  return begin(startDownstreams([config]));
}

async function begin(downstreams: Downstreams) {
  await downstreams.ready();
  const updated: string[] = [];
  downstreams.onEvent((event) => {
    if (event.kind === 'resource_updated') updated.push(`${event.server} ${event.uri}`);
  });
  return { downstreams, updated };
}

function held(outcome: WatchOutcome): () => void {
  if (outcome.kind !== 'watching') throw new Error(outcome.reason);
  return outcome.release;
}

const subscriptions = async (downstreams: Downstreams) =>
  JSON.parse(textOf(await callTool(downstreams, { server: 'asker', tool: 'told' }))).subscribed as object;

const touch = async (downstreams: Downstreams, uri: string) =>
  textOf(await callTool(downstreams, { server: 'asker', tool: 'touch', args: { uri } }));

describe.each(['stdio', 'http', 'sse'] as const)('a resource of a legacy server over %s', (kind) => {
  it('is subscribed to once, however many watch it, until the last lets go', async () => {
    const { downstreams, updated } = await startLegacy(kind);
    const watch = () => downstreams.watch({ server: 'asker', uri: MOTTO });
    const [first, second] = (await Promise.all([watch(), watch()])).map(held);
    held(await watch())();
    expect(await subscriptions(downstreams)).toEqual({ [MOTTO]: 1 });
    expect(await touch(downstreams, MOTTO)).toBe('true');
    await eventually(() => updated.length === 1);
    expect(updated).toEqual([`asker ${MOTTO}`]);
    first?.();
    first?.();
    expect(await touch(downstreams, MOTTO)).toBe('true');
    second?.();
    await eventuallyEmpty(downstreams);
    expect(await touch(downstreams, MOTTO)).toBe('false');
  });

  it('that the server refuses is not watched, and its words say why', async () => {
    const { downstreams } = await startLegacy(kind);
    const refused = await downstreams.watch({ server: 'asker', uri: 'test://no' });
    expect(refused).toEqual({ kind: 'refused', reason: expect.stringContaining('no such resource') });
    expect(await subscriptions(downstreams)).toEqual({});
  });

  it('that is let go and watched again at once stays subscribed to without a gap', async () => {
    const { downstreams } = await startLegacy(kind);
    const release = held(await downstreams.watch({ server: 'asker', uri: MOTTO }));
    release();
    held(await downstreams.watch({ server: 'asker', uri: MOTTO }));
    expect(await subscriptions(downstreams)).toEqual({ [MOTTO]: 2 });
  });

  it('is subscribed to again on a new connection, and counts as changed', async () => {
    const { downstreams, updated } = await startLegacy(kind);
    held(await downstreams.watch({ server: 'asker', uri: MOTTO }));
    await downstreams.reconnect('asker');
    await eventually(() => updated.length === 1);
    expect(await subscriptions(downstreams)).toEqual({ [MOTTO]: 1 });
  });
});

async function eventuallyEmpty(downstreams: Downstreams): Promise<void> {
  const end = performance.now() + 10_000;
  while (Object.keys(await subscriptions(downstreams)).length > 0) {
    if (performance.now() > end) throw new Error('it is still subscribed to');
  }
}

describe('resources of a server of 2026-07-28', () => {
  async function startModern() {
    const server = await startV2Server();
    const started = await begin(startDownstreams([httpServer({ name: 'v2', url: server.url })]));
    expect(started.downstreams.capabilities()).toEqual({ logging: true, subscribe: true, completions: true });
    return { server, ...started };
  }

  it('are followed on one stream, opened anew for what is watched by then', async () => {
    const { server, downstreams, updated } = await startModern();
    const watch = (uri: string) => downstreams.watch({ server: 'v2', uri });
    const before = server.listens.length;
    const [motto, other] = (await Promise.all([watch(MOTTO), watch(OTHER), watch(MOTTO)])).map(held);
    expect(server.listens.slice(before)).toEqual([[MOTTO, OTHER]]);
    server.updated(MOTTO);
    server.updated(OTHER);
    server.updated('test://nobody');
    await eventually(() => updated.length === 2);
    other?.();
    await eventually(() => server.listens.length === before + 2);
    expect(server.listens.at(-1)).toEqual([MOTTO]);
    motto?.();
    await watch('test://third');
    expect(server.listens.at(-1)).toEqual([MOTTO, 'test://third']);
    server.updated(OTHER);
    server.updated(MOTTO);
    await eventually(() => updated.length === 3);
    expect(updated).toEqual([`v2 ${MOTTO}`, `v2 ${OTHER}`, `v2 ${MOTTO}`]);
  });

  it('are followed over a pipe, too', async () => {
    const { downstreams, updated } = await begin(
      startDownstreams([stdioServer({ name: 'pipe', args: [V2_ASKER] })]),
    );
    expect(statusOf(downstreams, 'pipe').era).toBe('modern');
    held(await downstreams.watch({ server: 'pipe', uri: MOTTO }));
    for (const uri of [OTHER, MOTTO])
      await callTool(downstreams, { server: 'pipe', tool: 'touch', args: { uri } });
    await eventually(() => updated.length > 0);
    expect(updated).toEqual([`pipe ${MOTTO}`]);
  });

  it('are followed again after the server has ended the stream, and count as changed', async () => {
    const { server, downstreams, updated } = await startModern();
    held(await downstreams.watch({ server: 'v2', uri: MOTTO }));
    const before = server.listens.length;
    server.dropStreams();
    await eventually(() => updated.length === 1);
    expect(server.listens.slice(before)).toEqual([[MOTTO]]);
    server.updated(MOTTO);
    await eventually(() => updated.length === 2);
    expect(statusOf(downstreams, 'v2').state).toBe('ready');
  });

  it('are followed again on a new connection, and count as changed', async () => {
    const { server, downstreams, updated } = await startModern();
    held(await downstreams.watch({ server: 'v2', uri: MOTTO }));
    held(await downstreams.watch({ server: 'v2', uri: OTHER }));
    await downstreams.reconnect('v2');
    await eventually(() => updated.length === 2);
    expect(server.listens.at(-1)).toEqual([MOTTO, OTHER]);
    server.updated(OTHER);
    await eventually(() => updated.length === 3);
  });
});

it('nothing is watched of a server that does not tell of changes, or that is away or unknown', async () => {
  const { downstreams } = await begin(
    startDownstreams([oracleServer({ witness: join(temporaryFolder(), 'witness'), name: 'mute' })]),
  );
  const uri = MOTTO;
  expect(await downstreams.watch({ server: 'mute', uri })).toEqual({
    kind: 'refused',
    reason: 'the server "mute" does not tell of changes of its resources',
  });
  expect(await downstreams.watch({ server: 'nobody', uri })).toMatchObject({ kind: 'refused' });
  const fixture = await startHttpFixture({ era: 'legacy', calls: {} });
  await fixture.close();
  const { downstreams: away } = await begin(
    startDownstreams([httpServer({ name: 'away', url: fixture.url })]),
  );
  expect(statusOf(away, 'away').state).toBe('down');
  expect(await away.watch({ server: 'away', uri })).toEqual({
    kind: 'refused',
    reason: 'the server "away" is not available',
  });
});
