import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { ASKING_POLICY, type AskingGateway, startAskingGateway } from './support/asking-gateway.ts';
import { type EventStream, eventStream } from './support/event-stream.ts';
import { mint, revoke, type TestSession } from './support/sessions.ts';
import { legacyWire, modernMessage, modernWire } from './support/wire.ts';

let asking: AskingGateway;
let policies = 0;

beforeAll(async () => {
  asking = await startAskingGateway();
});

afterAll(() => asking.close());

const MOTTO = 'modern://motto';
const isUpdate = (message: any): boolean => message.method === 'notifications/resources/updated';
const isList = (message: any): boolean => message.method === 'notifications/tools/list_changed';
/** What the server behind is asked to tell of at this moment. */
const watched = (): readonly string[] => asking.modern.listens.at(-1) ?? [];
const of = async (session: TestSession, type: string) =>
  (await asking.entries(type)).filter(({ ref }) => ref.session === session.id);

async function listen(session: TestSession, uris: readonly string[], id = 'listen') {
  const notifications = { resourceSubscriptions: uris, toolsListChanged: true };
  const request = { id, method: 'subscriptions/listen', params: { notifications } };
  const stream = eventStream(
    await fetch(session.access.url, { method: 'POST', ...modernMessage(session.access, request) }),
  );
  const { params } = await stream.next();
  return { stream, honoured: params.notifications };
}

/** Everything on a stream up to a list change, which is sent last. */
async function updatesOn(stream: EventStream): Promise<any[]> {
  const updates: any[] = [];
  for (;;) {
    const message = await stream.next();
    if (isList(message)) return updates;
    if (isUpdate(message)) updates.push(message.params);
  }
}

/** Has every stream told of a list change, so that what came before it is known to be all. */
function flush(): Promise<void> {
  policies += 1;
  return asking.gateway.writePolicy(`${ASKING_POLICY}# ${policies}\n`);
}

describe('a client of an earlier revision', () => {
  test('hears on its own stream of what it subscribed to, until it unsubscribes', async () => {
    const session = await mint(asking.gateway);
    const [wire, other] = [await legacyWire(session.access), await legacyWire(session.access)];
    const [own, others] = [await wire.listen(), await other.listen()];
    expect((await wire.request('resources/subscribe', { uri: MOTTO })).message.result).toEqual({});
    await expect.poll(watched).toEqual([MOTTO]);
    asking.modern.updated(MOTTO);
    expect(await own.next(isUpdate)).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/resources/updated',
      params: { uri: MOTTO },
    });
    expect((await wire.request('resources/unsubscribe', { uri: MOTTO })).message.result).toEqual({});
    await expect.poll(watched).toEqual([]);
    await flush();
    expect(await updatesOn(others)).toEqual([]);
    await Promise.all([own.close(), others.close()]);
  });

  test('hears of resources of an earlier server too', async () => {
    const session = await mint(asking.gateway);
    const wire = await legacyWire(session.access);
    const stream = await wire.listen();
    await wire.request('resources/subscribe', { uri: 'test://motto' });
    await wire.request('tools/call', { name: 'deaf_touch', arguments: { uri: 'test://motto' } });
    expect((await stream.next(isUpdate)).params).toEqual({ uri: 'test://motto' });
    await stream.close();
  });

  test('is refused what it could not read, in the same words and on the ledger', async () => {
    const session = await mint(asking.gateway);
    const wire = await legacyWire(session.access);
    const denied = await wire.request('resources/subscribe', { uri: 'modern://secret' });
    expect(denied.message.error.data).toEqual({ code: 'denied_by_policy' });
    expect((await of(session, 'call.denied')).map(({ ref }) => ref.action)).toEqual([
      'resource:modern/modern://secret',
    ]);
    const narrow = await mint(asking.gateway, { tools: ['resource:deaf/*'] });
    const outside = await (await legacyWire(narrow.access)).request('resources/subscribe', { uri: MOTTO });
    const unknown = await wire.request('resources/subscribe', { uri: 'modern://none' });
    expect(outside.message.error).toEqual({
      ...unknown.message.error,
      message: unknown.message.error.message.replace('modern://none', MOTTO),
    });
    expect(watched()).toEqual([]);
  });

  test('has its subscription on the ledger, and loses it with its connection', async () => {
    const session = await mint(asking.gateway);
    const wire = await legacyWire(session.access);
    await wire.request('resources/subscribe', { uri: MOTTO });
    const [intent] = await of(session, 'call.intent');
    expect(intent).toMatchObject({
      ref: { action: `resource:modern/${MOTTO}` },
      body: { method: 'resources/subscribe' },
    });
    const [outcome] = await of(session, 'call.outcome');
    expect(outcome).toMatchObject({ ref: { call: intent.ref.call }, body: { kind: 'watching' } });
    await expect.poll(watched).toEqual([MOTTO]);
    await fetch(session.access.url, { method: 'DELETE', headers: wire.headers });
    await expect.poll(watched).toEqual([]);
  });
});

describe('a 2026-07-28 client', () => {
  test('is told which of the resources it will hear of, and hears of those once on each stream', async () => {
    const session = await mint(asking.gateway);
    const wanted = [MOTTO, 'modern://secret', 'modern://none', 'test://motto'];
    const one = await listen(session, wanted, 'one');
    expect(one.honoured.resourceSubscriptions).toEqual([MOTTO, 'test://motto']);
    const two = await listen(session, [MOTTO], 'two');
    const three = await listen(session, ['test://motto'], 'three');
    await expect.poll(watched).toEqual([MOTTO]);
    asking.modern.updated(MOTTO);
    const heard = await one.stream.next(isUpdate);
    expect(heard.params).toEqual({
      uri: MOTTO,
      _meta: { 'io.modelcontextprotocol/subscriptionId': 'one' },
    });
    await flush();
    expect(await updatesOn(one.stream)).toEqual([]);
    expect(await updatesOn(two.stream)).toHaveLength(1);
    expect(await updatesOn(three.stream)).toEqual([]);
    await Promise.all([one, two, three].map(({ stream }) => stream.close()));
    await expect.poll(watched).toEqual([]);
  });

  test('is told of no more resources than a session may follow, however many it names', async () => {
    const session = await mint(asking.gateway);
    const unknown = Array.from({ length: LIMITS.subscriptionsPerSession }, (_, n) => `modern://none/${n}`);
    const { stream, honoured } = await listen(session, [...unknown, MOTTO]);
    expect(honoured.resourceSubscriptions ?? []).toEqual([]);
    await stream.close();
  });

  test('of another session hears nothing of it', async () => {
    const [one, two] = [await mint(asking.gateway), await mint(asking.gateway)];
    const heard = await listen(one, [MOTTO]);
    const deaf = await listen(two, []);
    await expect.poll(watched).toEqual([MOTTO]);
    asking.modern.updated(MOTTO);
    await heard.stream.next(isUpdate);
    await flush();
    expect(await updatesOn(deaf.stream)).toEqual([]);
    await Promise.all([heard.stream.close(), deaf.stream.close()]);
  });

  test('does not know the methods of earlier revisions', async () => {
    const wire = modernWire((await mint(asking.gateway)).access);
    for (const method of ['resources/subscribe', 'resources/unsubscribe'])
      expect((await wire.request(method, { uri: MOTTO })).status).toBe(404);
  });
});

test('subscriptions end with their session', async () => {
  const session = await mint(asking.gateway);
  const { stream } = await listen(session, [MOTTO]);
  await expect.poll(watched).toEqual([MOTTO]);
  await revoke(asking.gateway, session);
  await stream.ended;
  await expect.poll(watched).toEqual([]);
});

test('subscriptions end when policy no longer allows them', async () => {
  const session = await mint(asking.gateway);
  const wire = await legacyWire(session.access);
  await wire.request('resources/subscribe', { uri: MOTTO });
  const { stream } = await listen(session, [MOTTO]);
  await expect.poll(watched).toEqual([MOTTO]);
  await asking.gateway.writePolicy(ASKING_POLICY.replace('modern/modern://secret', 'modern/*'));
  await expect.poll(watched).toEqual([]);
  await stream.close();
});
