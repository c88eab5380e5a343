import { describe, expect, it } from 'vitest';
import { removeDevice } from '../../../src/notifications/push/manage.ts';
import { channelOf, pushOf } from '../channels/loft.ts';
import { NOTHING, openHangar, settledPushes } from './hangar.ts';

const M = 60_000;

describe('a device', () => {
  it.each([404, 410])(
    'that its push service answers %i for is removed, with all that waits for it',
    async (status) => {
      const hangar = await openHangar();
      const { loft, service } = hangar;
      const { office } = loft.desk;
      const ada = await office.bootstrap();
      service.answer = () => status;
      await loft.open([pushOf({ remindMs: M })]);
      const { id } = await hangar.add(ada);
      await loft.desk.hold({ a: 1 });
      await expect.poll(() => hangar.rows()).toEqual(NOTHING);
      await loft.desk.hold({ b: 1 });
      expect(await settledPushes(hangar)).toHaveLength(1);
      const [added, removed] = await office.entries('device.');
      const host = service.party;
      expect(added).toMatchObject({
        ref: { principal: `person:${ada.person.id}`, action: 'device.added' },
        body: { device: id, host },
      });
      expect(removed?.ref).toEqual({ action: 'device.removed' });
      expect(removed?.body).toEqual({ device: id, reason: 'gone' });
    },
  );

  it('whose person is removed is told nothing more, and nothing of it stays', async () => {
    const hangar = await openHangar();
    const { loft } = hangar;
    const { office } = loft.desk;
    const ada = await office.bootstrap();
    const bob = await office.invite(ada, 'Bob');
    await loft.open([pushOf({ digestMs: M })]);
    const { id } = await hangar.add(bob);
    await loft.desk.hold({ a: 1 });
    await expect.poll(async () => (await hangar.rows()).channel_notice).toBe(1);
    await office.remove(ada, bob);
    await expect.poll(() => hangar.rows()).toEqual(NOTHING);
    loft.pass(M);
    expect(await settledPushes(hangar)).toEqual([]);
    const [, removed] = await office.entries('device.');
    expect(removed?.body).toEqual({ device: id, reason: 'person_removed' });
  });

  it('whose person was removed while nobody followed it is gone with the next start', async () => {
    const hangar = await openHangar();
    const { loft } = hangar;
    const { office } = loft.desk;
    const ada = await office.bootstrap();
    const bob = await office.invite(ada, 'Bob');
    const first = await loft.open([pushOf()]);
    await hangar.add(bob);
    await first.close();
    await loft.desk.hold({ a: 1 });
    await office.remove(ada, bob);
    await loft.open([pushOf()]);
    await expect.poll(() => hangar.rows()).toEqual(NOTHING);
    expect(await settledPushes(hangar)).toEqual([]);
  });

  it('that is removed while a message is on its way leaves nothing behind', async () => {
    const hangar = await openHangar();
    const { loft, service } = hangar;
    const { office } = loft.desk;
    const ada = await office.bootstrap();
    const held = Promise.withResolvers<number>();
    service.answer = () => held.promise;
    await loft.open([pushOf()]);
    const { id } = await hangar.add(ada);
    await loft.desk.hold({ a: 1 });
    await service.arrived(1);
    await removeDevice(loft.devices, { id, person: ada.person.id });
    held.resolve(201);
    await settledPushes(hangar);
    expect(await hangar.rows()).toEqual(NOTHING);
  });
});

describe('over a restart', () => {
  it('a device is told of what came in between, and channels of the configuration keep their place too', async () => {
    const hangar = await openHangar();
    const { loft } = hangar;
    const ada = await loft.desk.office.bootstrap();
    const ops = channelOf({ when: { groups: ['ops'] } });
    const first = await loft.open([ops, pushOf()]);
    await hangar.add(ada);
    await first.close();
    await loft.desk.hold({ between: 1 });
    await loft.open([ops, pushOf()]);
    expect(await settledPushes(hangar)).toHaveLength(1);
    expect(await hangar.rows()).toMatchObject({ push_device: 1, channel: 2 });
  });

  it('a message that was sent and not recorded comes again, and replaces the first', async () => {
    const hangar = await openHangar();
    const { loft } = hangar;
    const ada = await loft.desk.office.bootstrap();
    await loft.open([pushOf()]);
    await hangar.add(ada);
    const lost = Promise.withResolvers<never>();
    hangar.carry = async (request, post) => {
      await post(request);
      return lost.promise;
    };
    await loft.desk.hold({ a: 1 });
    await hangar.service.arrived(1);
    hangar.carry = (request, post) => post(request);
    await loft.open([pushOf()]);
    const [first, second] = await hangar.service.arrived(2);
    expect(second).toMatchObject({ topic: first?.topic, message: { tag: first?.message.tag } });
    lost.reject(new Error('the process ended here'));
    expect(await settledPushes(hangar)).toHaveLength(2);
  });

  it('with Web Push switched off devices stay, without a place, and begin anew when it is on again', async () => {
    const hangar = await openHangar();
    const { loft } = hangar;
    const ada = await loft.desk.office.bootstrap();
    const first = await loft.open([pushOf()]);
    await hangar.add(ada);
    await first.close();
    const off = await loft.open([]);
    await loft.desk.hold({ unseen: 1 });
    expect(await hangar.rows()).toEqual({ ...NOTHING, push_device: 1 });
    await off.close();
    await loft.open([pushOf()]);
    await loft.desk.hold({ seen: 1 });
    const [pushed, ...more] = await settledPushes(hangar);
    expect(more).toEqual([]);
    expect(pushed?.message.body).toContain('seen 1');
  });
});
