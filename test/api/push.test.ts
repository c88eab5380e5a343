import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Countersign } from '../../src/sdk/countersign.ts';
import { type PushService, startPushService } from '../notifications/push/push-sink.ts';
import { type Office, openOffice } from './support/office.ts';

let service: PushService;
let office: Office;

beforeAll(async () => {
  service = await startPushService();
  office = await openOffice({ settings: { webhooks: { allow: [service.party] } } });
});
afterAll(async () => {
  await office.close();
  await service.close();
});

/** The SDK as the page uses it: with the cookie of whoever is signed in. */
function clientOf({ gateway, person }: Office): Countersign {
  const { origin } = gateway.app;
  return new Countersign({
    baseUrl: origin,
    fetch: (url, init) => {
      const headers = { ...init?.headers, cookie: person.cookie, origin, 'x-countersign-csrf': '1' };
      return fetch(url, { ...init, headers });
    },
  });
}

const asPerson = (method: string, path: string, body?: unknown) =>
  office.ask(method, path, { as: office.person.cookie, ...(body === undefined ? {} : { body }) });

describe('a person who is signed in', () => {
  it('adds a browser, tries it, is told by it of a call, and removes it', async () => {
    const { push } = clientOf(office);
    const key = await push.key();
    expect(Buffer.from(key, 'base64url')).toHaveLength(65);
    const device = await push.add({ name: 'phone', ...(await service.subscribe(key)) });
    expect(device).toMatchObject({ id: expect.stringMatching(/^dev_/), name: 'phone', toldAt: null });
    expect(await push.test(device.id)).toEqual({ delivered: true, status: 201, error: null });
    const id = await office.freeze();
    const [, told] = await service.arrived(2);
    expect(told?.message).toMatchObject({ tag: id, url: `/approvals/${id}`, risk: 'high' });
    expect(told?.claims.sub).toBe('mailto:countersign@localhost');
    const toldAt = async () => (await push.devices())[0]?.toldAt;
    await expect.poll(toldAt).toEqual(expect.stringMatching(/Z$/));
    expect(await push.remove(device.id)).toMatchObject({ id: device.id });
    expect(await push.devices()).toEqual([]);
    expect((await asPerson('POST', `/v1/push/devices/${device.id}/test`, {})).status).toBe(404);
  });

  it('is never shown where a device is, or its keys', async () => {
    const subscription = await service.subscribe((await asPerson('GET', '/v1/push')).body.public_key);
    const { text, body } = await asPerson('POST', '/v1/push/devices', { name: 'a', ...subscription });
    const listed = await asPerson('GET', '/v1/push/devices');
    const logs = await office.ask('GET', '/v1/logs?type=device.added&limit=1');
    for (const one of [text, listed.text, logs.text]) {
      expect(one).toContain(body.id);
      expect(one).not.toContain(subscription.endpoint);
      expect(one).not.toContain(subscription.keys.auth);
      expect(one).not.toContain(subscription.keys.p256dh);
    }
    const channels = await office.ask('GET', '/v1/channels');
    expect(channels.body.data).toMatchObject([{ name: 'push', type: 'push', devices: 1, pending: 0 }]);
    const trial = (await office.ask('POST', '/v1/channels/push/test', { body: {} })).body;
    expect(trial).toEqual({
      delivered: false,
      status: null,
      error: expect.stringContaining('people try their own'),
    });
    await asPerson('POST', `/v1/push/devices/${body.id}/remove`, {});
  });

  it.each([
    'http://push.example/1',
    'https://127.0.0.1/1',
    'https://[::ffff:10.0.0.1]/1',
    'https://2130706433/1',
    'https://169.254.169.254/latest',
    'https://user:pass@push.example/1',
    'ftp://push.example/1',
    'javascript:alert(1)',
  ])('cannot have messages sent to %s', async (endpoint) => {
    const { keys } = await service.subscribe('');
    const { status, body } = await asPerson('POST', '/v1/push/devices', { name: 'a', endpoint, keys });
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'invalid_request', fields: [{ field: 'endpoint' }] });
    expect(body.detail).toMatch(/^endpoint: /);
  });

  it('keeps key and devices over a restart of the gateway', async () => {
    const key = (await asPerson('GET', '/v1/push')).body.public_key;
    const added = await asPerson('POST', '/v1/push/devices', {
      name: 'a',
      ...(await service.subscribe(key)),
    });
    const own = await openOffice({ settings: { webhooks: { allow: [service.party] } } });
    const other = await own.ask('GET', '/v1/push', { as: own.person.cookie });
    expect(other.body.public_key).not.toBe(key);
    await own.close();
    await office.gateway.restart();
    const { cookie } = office.person;
    const ask = async (method: string, path: string) => {
      const { origin } = office.gateway.app;
      const headers = { cookie, origin, 'x-countersign-csrf': '1', 'content-type': 'application/json' };
      const body = method === 'POST' ? '{}' : null;
      return (await fetch(`${origin}${path}`, { method, headers, body })).json() as any;
    };
    expect((await ask('GET', '/v1/push')).public_key).toBe(key);
    const trial = await ask('POST', `/v1/push/devices/${added.body.id}/test`);
    expect(trial).toEqual({ delivered: true, status: 201, error: null });
  });
});

it('where Web Push is switched off, everybody is told so', async () => {
  const off = await openOffice({ settings: { channels: { push: false } } });
  const as = off.person.cookie;
  for (const path of ['/v1/push', '/v1/push/devices']) {
    const { status, body } = await off.ask('GET', path, { as });
    expect(status).toBe(409);
    expect(body.detail).toContain('"push: false"');
  }
  expect((await off.ask('GET', '/v1/channels')).body.data).toEqual([]);
  await off.close();
});
