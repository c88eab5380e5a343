import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/core/limits.ts';
import { addDevice, listDevices, removeDevice, tryDevice } from '../../../src/notifications/push/manage.ts';
import { pushOf } from '../channels/loft.ts';
import { type Hangar, NOTHING, openHangar, settledPushes } from './hangar.ts';

const subscribe = ({ loft, service }: Hangar) => service.subscribe(loft.devices.vapid.publicKey);

describe('adding a device', () => {
  it('again with the same endpoint gives it new keys and another name, and keeps its id and its place', async () => {
    const hangar = await openHangar();
    const { loft } = hangar;
    const ada = await loft.desk.office.bootstrap();
    const first = await loft.open([pushOf()]);
    const before = await subscribe(hangar);
    const other = await subscribe(hangar);
    const device = await hangar.add(ada, { subscription: { ...before, keys: other.keys }, name: 'old' });
    await first.close();
    await loft.desk.hold({ a: 1 });
    const again = await hangar.add(ada, { subscription: before, name: 'new' });
    expect(again).toMatchObject({ id: device.id, name: 'new', createdAt: device.createdAt });
    expect(await hangar.devices(ada)).toHaveLength(1);
    await loft.open([pushOf()]);
    expect(await settledPushes(hangar)).toHaveLength(1);
  });

  it('with an endpoint of another person takes it from them, with what waited for it', async () => {
    const hangar = await openHangar();
    const { loft } = hangar;
    const { office } = loft.desk;
    const ada = await office.bootstrap();
    const bob = await office.invite(ada, 'Bob');
    const first = await loft.open([pushOf({ digestMs: 60_000 })]);
    const subscription = await subscribe(hangar);
    const adas = await hangar.add(ada, { subscription });
    await loft.desk.hold({ a: 1 });
    await expect.poll(async () => (await hangar.rows()).channel_notice).toBe(1);
    const bobs = await hangar.add(bob, { subscription });
    expect(bobs.id).not.toBe(adas.id);
    expect(await hangar.devices(ada)).toEqual([]);
    expect(await hangar.devices(bob)).toEqual([bobs]);
    expect(await hangar.rows()).toMatchObject({ push_device: 1, channel: 1, channel_notice: 0 });
    const facts = (await office.entries('device.')).map(({ type, body }) => [type, body.device, body.reason]);
    expect(facts).toEqual([
      ['device.added', adas.id, undefined],
      ['device.removed', adas.id, 'moved'],
      ['device.added', bobs.id, undefined],
    ]);
    await first.close();
  });

  it(`is refused to whoever has ${LIMITS.pushDevicesPerPerson}, who may still replace keys, and to nobody else`, async () => {
    const hangar = await openHangar();
    const { office } = hangar.loft.desk;
    const ada = await office.bootstrap();
    const bob = await office.invite(ada, 'Bob');
    const subscription = await subscribe(hangar);
    await hangar.add(ada, { subscription });
    for (let at = 1; at < LIMITS.pushDevicesPerPerson; at += 1) await hangar.add(ada);
    await expect(hangar.add(ada)).rejects.toMatchObject({ code: 'conflict', message: /20 devices already/ });
    await hangar.add(ada, { subscription });
    const bobs = await subscribe(hangar);
    await hangar.add(bob, { subscription: bobs });
    await expect(hangar.add(ada, { subscription: bobs })).rejects.toMatchObject({ code: 'conflict' });
    expect(await hangar.devices(ada)).toHaveLength(LIMITS.pushDevicesPerPerson);
    expect(await hangar.devices(bob)).toHaveLength(1);
  });

  it.each([
    ['name', { name: ' ' }],
    ['name', { name: 'a\nb' }],
    ['name', { name: 'x'.repeat(101) }],
    ['endpoint', { endpoint: 'push' }],
    ['endpoint', { endpoint: 'https://push.example/#a' }],
    ['endpoint', { endpoint: `https://push.example/${'x'.repeat(2_048)}` }],
    ['keys.p256dh', { keys: { p256dh: `${'A'.repeat(86)}==` } }],
    ['keys.p256dh', { keys: { p256dh: Buffer.alloc(65, 4).toString('base64url') } }],
    ['keys.p256dh', { keys: { p256dh: Buffer.alloc(33, 2).toString('base64url') } }],
    ['keys.p256dh', { keys: { p256dh: '' } }],
    ['keys.auth', { keys: { auth: Buffer.alloc(15).toString('base64url') } }],
    ['keys.auth', { keys: { auth: 'not base64' } }],
  ])('says that %s is wrong, for %j', async (field, wrong) => {
    const hangar = await openHangar();
    const ada = await hangar.loft.desk.office.bootstrap();
    const { endpoint, keys } = await subscribe(hangar);
    const input = { endpoint, name: 'phone', ...wrong, person: ada.person.id };
    const given = { ...input, keys: { ...keys, ...('keys' in wrong ? wrong.keys : {}) } };
    await expect(addDevice(hangar.loft.devices, given)).rejects.toMatchObject({
      code: 'invalid_request',
      fields: [{ field }],
    });
    expect(await hangar.rows()).toEqual(NOTHING);
  });

  it('keeps its keys sealed, for this device alone', async () => {
    const hangar = await openHangar();
    const { desk, devices } = hangar.loft;
    const ada = await desk.office.bootstrap();
    const subscription = await subscribe(hangar);
    await hangar.add(ada, { subscription });
    await hangar.add(ada);
    const read = { sql: 'SELECT * FROM push_device ORDER BY id', params: [] };
    const [first, second] = await desk.office.deps.database.query(read);
    expect(JSON.stringify(first)).not.toContain(subscription.keys.auth);
    expect(JSON.stringify(first)).not.toContain(subscription.keys.p256dh);
    const swap = {
      sql: 'UPDATE push_device SET keys_sealed = ? WHERE id = ? RETURNING id',
      params: [second?.keys_sealed ?? null, first?.id ?? null],
    };
    await desk.office.deps.ledger.commit({ guard: swap, entries: [] });
    const trial = await tryDevice(devices, { id: String(first?.id), person: ada.person.id });
    expect(trial).toMatchObject({
      delivered: false,
      error: expect.stringContaining('keys cannot be opened'),
    });
  });
});

describe('a device of somebody', () => {
  it('is tried with a message that tells of nothing', async () => {
    const hangar = await openHangar();
    const { desk, devices } = hangar.loft;
    const ada = await desk.office.bootstrap();
    const { id } = await hangar.add(ada, { name: 'Firefox on www.evil.example' });
    const own = { id, person: ada.person.id };
    expect(await tryDevice(devices, own)).toEqual({ delivered: true, status: 201, error: undefined });
    expect(hangar.service.pushed[0]?.message).toMatchObject({
      title: 'Test of Firefox on www[.]evil[.]example',
      url: '/',
      risk: null,
    });
    expect((await hangar.devices(ada))[0]?.toldAt).toBe(desk.office.deps.now());
    hangar.service.answer = () => 410;
    expect(await tryDevice(devices, own)).toMatchObject({ delivered: false, status: 410 });
    expect(await hangar.rows()).toEqual(NOTHING);
  });

  it('is there for nobody else', async () => {
    const hangar = await openHangar();
    const { desk, devices } = hangar.loft;
    const ada = await desk.office.bootstrap();
    const bob = await desk.office.invite(ada, 'Bob');
    const { id } = await hangar.add(ada);
    const own = { id, person: bob.person.id };
    await expect(tryDevice(devices, own)).rejects.toMatchObject({ code: 'not_found' });
    await expect(removeDevice(devices, own)).rejects.toMatchObject({ code: 'not_found' });
    expect(await listDevices(devices, bob.person.id)).toEqual([]);
    expect(await removeDevice(devices, { id, person: ada.person.id })).toMatchObject({ id, name: 'phone' });
    expect(await hangar.rows()).toEqual(NOTHING);
    const last = (await desk.office.entries('device.')).at(-1);
    expect(last?.ref).toEqual({ principal: `person:${ada.person.id}`, action: 'device.removed' });
  });
});
