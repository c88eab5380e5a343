import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { type Office, openOffice } from './support/office.ts';

let receiver: Receiver;
let office: Office;

beforeAll(async () => {
  receiver = await startReceiver();
  office = await openOffice({ settings: { webhooks: { allow: [receiver.party] } } });
});
afterAll(async () => {
  await office.close();
  receiver.close();
});

const add = (body: object) => office.ask('POST', '/v1/webhooks', { body });

describe('a webhook', () => {
  it('is added with a secret that no other answer has, shown, changed, rotated and removed', async () => {
    const added = await add({ url: receiver.url, events: ['job.completed'], description: 'builds' });
    expect(added.status).toBe(201);
    const { secret, ...webhook } = added.body;
    expect(secret).toMatch(/^whsec_/);
    expect(webhook).toMatchObject({
      url: receiver.url,
      events: ['job.completed'],
      enabled: true,
      pending: 0,
    });
    const path = `/v1/webhooks/${webhook.id}`;
    expect((await office.ask('GET', path)).body).toEqual(webhook);
    const listed = await office.ask('GET', '/v1/webhooks', { as: office.person.cookie });
    expect(listed.body.data).toEqual([webhook]);
    expect(listed.text).not.toContain('whsec_');
    const changed = await office.ask('POST', `${path}/update`, { body: { enabled: false } });
    expect(changed.body).toEqual({ ...webhook, enabled: false, disabled_reason: 'requested' });
    const rotated = await office.ask('POST', `${path}/rotate`, { body: { overlap_ms: 0 } });
    expect(rotated.body.secret).not.toBe(secret);
    expect(rotated.body.public_key).not.toBe(webhook.public_key);
    expect((await office.ask('POST', `${path}/remove`, { body: {} })).body).toEqual({
      id: webhook.id,
      removed: true,
    });
    expect((await office.ask('GET', path)).status).toBe(404);
  });

  it.each([
    'http://hooks.example/in',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://[::ffff:10.0.0.1]/',
    'https://169.254.169.254/latest/meta-data',
    'https://localhost/',
  ])('is refused at %s', async (url) => {
    const refused = await add({ url });
    expect(refused.status).toBe(400);
    expect(refused.body).toMatchObject({ code: 'invalid_request', fields: [{ field: 'url' }] });
    const { body } = await add({ url: receiver.url });
    const moved = await office.ask('POST', `/v1/webhooks/${body.id}/update`, { body: { url } });
    expect(moved.status).toBe(400);
    await office.ask('POST', `/v1/webhooks/${body.id}/remove`, { body: {} });
  });

  it('is tried at once, and a redirect is a failure that nobody follows', async () => {
    const { body: webhook } = await add({ url: receiver.url, events: ['job.completed'] });
    const attempt = () => office.ask('POST', `/v1/webhooks/${webhook.id}/test`, { body: {} });
    expect((await attempt()).body).toMatchObject({ delivered: true, status: 200, error: null });
    receiver.answer(307, { location: `${office.gateway.app.origin}/v1/sessions` });
    const had = receiver.messages.length;
    expect((await attempt()).body).toMatchObject({
      delivered: false,
      status: 307,
      error: 'answered with 307; redirects are not followed',
    });
    expect(receiver.messages).toHaveLength(had + 1);
    receiver.answer(200);
    await office.ask('POST', `/v1/webhooks/${webhook.id}/remove`, { body: {} });
  });

  it('has deliveries page by page, and one that ended can be made again', async () => {
    const { body: webhook } = await add({ url: receiver.url, events: ['approval.requested'] });
    const path = `/v1/webhooks/${webhook.id}`;
    const ids = [await office.freeze(), await office.freeze()];
    const delivered = async () => {
      const { body } = await office.ask('GET', `${path}/deliveries?state=delivered`);
      return body.data.map((one: { approval: string }) => one.approval).sort();
    };
    await expect.poll(delivered).toEqual([...ids].sort());
    const first = await office.ask('GET', `${path}/deliveries?limit=1`);
    expect(first.body).toMatchObject({
      has_more: true,
      data: [{ state: 'delivered', attempts: 1, status: 200 }],
    });
    const second = await office.ask('GET', `${path}/deliveries?limit=1&cursor=${first.body.next_cursor}`);
    expect(second.body.has_more).toBe(false);
    const [{ event, body }] = second.body.data;
    expect(event).not.toBe(first.body.data[0].event);
    const again = await office.ask('POST', `${path}/redeliver`, { body: { event } });
    expect(again.body).toEqual({ id: webhook.id, count: 1 });
    const copies = () => receiver.messages.filter((one) => one.event.id === event);
    await expect.poll(copies).toHaveLength(2);
    expect(copies().map((one) => one.body)).toEqual([body, body]);
  });
});
