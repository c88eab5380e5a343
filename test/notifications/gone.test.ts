import { expect, it } from 'vitest';
import { changeEndpoint, getEndpoint } from '../../src/notifications/manage.ts';
import { completed, OPERATOR, openMailroom } from './mailroom.ts';

it('an address that was changed while the old one was asked is not switched off by the old one’s 410', async () => {
  const room = await openMailroom();
  const answer = Promise.withResolvers<number>();
  room.reply = ({ url }) => (url.endsWith('/in') ? answer.promise : 200);
  const { endpoint } = await room.add();
  await room.note(completed('req_1'));
  await expect.poll(() => room.received.length).toBe(1);
  const change = { url: 'https://new.example/hook' };
  await changeEndpoint(room.endpoints, { id: endpoint.id, by: OPERATOR, change });
  answer.resolve(410);
  await expect.poll(async () => (await room.deliveries(endpoint.id))[0]?.status).toBe(410);
  expect(await getEndpoint(room.endpoints, endpoint.id)).toMatchObject({
    enabled: true,
    pending: 1,
    dead: 0,
  });
  room.pass(10_000);
  await expect.poll(() => room.received.length).toBe(2);
  expect(room.received[1]?.url).toBe('https://new.example/hook');
});
