import { describe, expect, it } from 'vitest';
import { CountersignError } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import {
  addEndpoint,
  changeEndpoint,
  listEndpoints,
  removeEndpoint,
} from '../../src/notifications/manage.ts';
import { redeliver, tryEndpoint } from '../../src/notifications/redeliver.ts';
import { completed, HOOK, OPERATOR, openMailroom } from './mailroom.ts';

describe('adding an endpoint', () => {
  it('shows its secret once, keeps it sealed, and puts no more than its host on the ledger', async () => {
    const room = await openMailroom();
    const url = 'https://hooks.example/in/canary-path?token=canary-query';
    const { endpoint, secret } = await room.add({ url, events: ['*', 'job.completed'], description: ' CI ' });
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(endpoint).toMatchObject({
      url,
      events: ['*'],
      description: 'CI',
      enabled: true,
      createdBy: OPERATOR,
    });
    expect(endpoint.publicKey).toMatch(/^whpk_[A-Za-z0-9+/]{43}=$/);
    const stored = JSON.stringify(
      await room.endpoints.database.query({ sql: 'SELECT * FROM webhook', params: [] }),
    );
    expect(stored).not.toContain(secret.slice('whsec_'.length));
    expect(JSON.stringify(await listEndpoints(room.endpoints))).not.toContain('whsec_');
    const entries = await room.desk.office.entries('webhook.');
    expect(entries).toMatchObject([
      {
        type: 'webhook.created',
        ref: { principal: OPERATOR },
        body: { webhook: endpoint.id, host: 'hooks.example', events: ['*'] },
      },
    ]);
    expect(JSON.stringify(entries)).not.toContain('canary');
  });

  it.each([
    ['url', { url: 'hooks.example/in' }],
    ['url', { url: `${HOOK}#part` }],
    ['url', { url: `https://hooks.example/${'x'.repeat(2_000)}` }],
    ['events', { events: [] }],
    ['events', { events: ['approval.*'] }],
    ['description', { description: 'two\nlines' }],
    ['description', { description: 'x'.repeat(201) }],
  ])('names the %s that is wrong in %j', async (field, more) => {
    const room = await openMailroom();
    await expect(room.add(more)).rejects.toMatchObject({ code: 'invalid_request', fields: [{ field }] });
    expect(await listEndpoints(room.endpoints)).toEqual([]);
  });

  it('is refused for an address that the check refuses, and so is a change to one', async () => {
    const room = await openMailroom();
    const { endpoint } = await room.add();
    const refused = new CountersignError('invalid_request', 'url: 10.0.0.1 is not a public address');
    const deps = { ...room.endpoints, checkAddress: () => Promise.reject(refused) };
    await expect(addEndpoint(deps, { url: 'https://10.0.0.1/', by: OPERATOR })).rejects.toBe(refused);
    const change = { url: 'https://10.0.0.1/' };
    await expect(changeEndpoint(deps, { id: endpoint.id, by: OPERATOR, change })).rejects.toBe(refused);
    expect((await listEndpoints(room.endpoints)).map(({ url }) => url)).toEqual([HOOK]);
  });

  it('is refused when there are twenty', async () => {
    const room = await openMailroom();
    for (let made = 0; made < LIMITS.webhooks; made += 1) await room.add();
    await expect(room.add()).rejects.toMatchObject({ code: 'conflict' });
  });
});

it('a change leaves what it does not name, and one that is not there is not found', async () => {
  const room = await openMailroom();
  const { endpoint } = await room.add({ events: ['job.completed'], description: 'CI' });
  const to = (change: object, id = endpoint.id) =>
    changeEndpoint(room.endpoints, { id, by: OPERATOR, change });
  expect(await to({ description: 'builds' })).toEqual({ ...endpoint, description: 'builds' });
  expect(await to({ enabled: false })).toMatchObject({ enabled: false, disabledReason: 'requested' });
  expect(await to({ events: ['*'] })).toMatchObject({ enabled: false, events: ['*'], url: HOOK });
  expect(await to({ enabled: true })).toMatchObject({ enabled: true, disabledReason: undefined });
  for (const refused of [
    to({}, 'whk_none'),
    removeEndpoint(room.endpoints, { id: 'whk_none', by: OPERATOR }),
  ])
    await expect(refused).rejects.toMatchObject({ code: 'not_found' });
});

describe('a trial', () => {
  it('sends one signed message to an endpoint, even one that is switched off, and keeps nothing', async () => {
    const room = await openMailroom();
    const { endpoint } = await room.add();
    await changeEndpoint(room.endpoints, { id: endpoint.id, by: OPERATOR, change: { enabled: false } });
    room.reply = () => 404;
    expect(await tryEndpoint(room.endpoints, endpoint.id)).toMatchObject({
      delivered: false,
      status: 404,
      error: 'answered with 404',
    });
    room.reply = () => 204;
    const trial = await tryEndpoint(room.endpoints, endpoint.id);
    expect(trial).toMatchObject({ delivered: true, status: 204, error: undefined });
    expect(room.received.map(({ event }) => event.type)).toEqual(['webhook.test', 'webhook.test']);
    expect(room.received[1]?.headers['webhook-id']).toBe(trial.event);
    expect(await room.deliveries(endpoint.id)).toEqual([]);
  });

  it('tells what the guard of the network said, without its field', async () => {
    const room = await openMailroom();
    const { endpoint } = await room.add();
    room.reply = () => {
      throw new CountersignError('invalid_request', 'url: hooks.example did not answer in time');
    };
    const { error } = await tryEndpoint(room.endpoints, endpoint.id);
    expect(error).toBe('hooks.example did not answer in time');
  });
});

describe('making a delivery again', () => {
  it('brings back the dead, and one that was delivered, under the same id', async () => {
    const room = await openMailroom();
    room.reply = () => 500;
    const { endpoint } = await room.add();
    await room.note(completed('req_1'));
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      await room.arrived(attempt);
      await expect.poll(async () => (await room.deliveries(endpoint.id))[0]?.attempts).toBe(attempt);
      room.pass(2 * 24 * 3_600_000);
    }
    room.reply = () => 200;
    expect(await redeliver(room.endpoints, { id: endpoint.id, event: undefined })).toBe(1);
    await room.arrived(11);
    await expect
      .poll(() => room.deliveries(endpoint.id))
      .toMatchObject([{ state: 'delivered', attempts: 1 }]);
    const [{ event = '' } = {}] = await room.deliveries(endpoint.id);
    expect(await redeliver(room.endpoints, { id: endpoint.id, event: undefined })).toBe(0);
    expect(await redeliver(room.endpoints, { id: endpoint.id, event })).toBe(1);
    await room.arrived(12);
    expect(new Set(room.received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([event]));
  });

  it('is refused for what waits already, what there is not, and an endpoint that is off', async () => {
    const room = await openMailroom();
    room.reply = () => 500;
    const { endpoint } = await room.add();
    await room.note(completed('req_1'));
    await room.arrived(1);
    await expect.poll(async () => (await room.deliveries(endpoint.id))[0]?.attempts).toBe(1);
    const [{ event = '' } = {}] = await room.deliveries(endpoint.id);
    const again = (which: string) => redeliver(room.endpoints, { id: endpoint.id, event: which });
    await expect(again(event)).rejects.toMatchObject({ code: 'conflict' });
    await expect(again('evt_none')).rejects.toMatchObject({ code: 'not_found' });
    await changeEndpoint(room.endpoints, { id: endpoint.id, by: OPERATOR, change: { enabled: false } });
    await expect(again('evt_none')).rejects.toMatchObject({ code: 'conflict' });
  });
});
