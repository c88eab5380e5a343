import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Countersign } from '../../src/sdk/countersign.ts';
import { type MailSink, startMailSink } from '../support/mail-sink.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { type Office, openOffice } from './support/office.ts';

let receiver: Receiver;
let sink: MailSink;
let office: Office;

const mail = { from: 'gate@example.com', allow_plaintext: true };

beforeAll(async () => {
  receiver = await startReceiver();
  sink = await startMailSink();
  const smtp = `smtp://127.0.0.1:${sink.port}`;
  office = await openOffice({
    settings: {
      webhooks: { allow: [receiver.party] },
      channels: {
        email: { ...mail, smtp, to: 'ada@example.com', when: { risk: ['high'] } },
        ops: { type: 'ntfy', url: `http://${receiver.party}/secret-topic`, digest: '10m' },
        inside: { type: 'slack', url: 'https://169.254.169.254/canary' },
      },
    },
  });
});
afterAll(async () => {
  await office.close();
  await sink.close();
  receiver.close();
});

const trial = (name: string) => office.ask('POST', `/v1/channels/${name}/test`, { body: {} });

describe('the configured channels', () => {
  it('are listed by what they are told, and not by where they lead', async () => {
    const { body, text } = await office.ask('GET', '/v1/channels');
    expect(body.data.map((one: { name: string }) => one.name)).toEqual(['email', 'ops', 'inside', 'push']);
    expect(body.data[0]).toEqual({
      name: 'email',
      type: 'email',
      when: { risk: ['high'], groups: null, tools: null },
      digest_ms: 0,
      quiet: null,
      per_agent: 5,
      remind_ms: null,
      devices: null,
      gathered: 0,
      pending: 0,
      dead: 0,
      last_error: null,
    });
    expect(text).not.toMatch(/secret-topic|canary|127\.0\.0\.1|example\.com/);
    const client = new Countersign({ baseUrl: office.gateway.app.origin, apiKey: office.keys.operator });
    const listed = [];
    for await (const one of client.channels.list()) listed.push(one);
    const [first, second] = listed;
    expect(first).toMatchObject({ name: 'email', when: { risk: ['high'] }, digestMs: 0, lastError: null });
    expect(second).toMatchObject({ name: 'ops', type: 'ntfy', digestMs: 600_000, perAgent: 5 });
  });

  it('are tried with a message that tells of nothing', async () => {
    expect((await trial('email')).body).toEqual({ delivered: true, status: null, error: null });
    expect(sink.letters.at(-1)?.text).toContain('Subject: [Countersign] Test of the channel email');
    expect((await trial('ops')).body).toEqual({ delivered: true, status: 200, error: null });
    expect(receiver.messages.at(-1)?.event).toMatchObject({ topic: 'secret-topic', priority: 2 });
    expect((await trial('none')).status).toBe(404);
  });

  it('reach no private address that the operator has not listed', async () => {
    expect((await trial('inside')).body).toEqual({
      delivered: false,
      status: null,
      error: '169.254.169.254 is not a public address',
    });
  });

  it('tell of a call that is held, and their link to deny is known as the gateway’s own', async () => {
    const had = sink.letters.length;
    const id = await office.freeze();
    await expect.poll(() => sink.letters.length, { timeout: 10_000 }).toBe(had + 1);
    const text = sink.letters.at(-1)?.text.replaceAll('=\r\n', '').replaceAll('=3D', '=') ?? '';
    expect(text).toContain(`/approvals/${id}`);
    const signature = new RegExp(`/approvals/${id}\\?deny=([\\w-]+)`).exec(text)?.[1] ?? '';
    const known = async (approval: string, given: string) => {
      const at = `/v1/approvals/${approval}/deny-link?signature=${given}`;
      return (await office.ask('GET', at, { as: office.person.cookie })).body;
    };
    expect(await known(id, signature)).toEqual({ id, valid: true });
    expect(await known('apr_other', signature)).toEqual({ id: 'apr_other', valid: false });
    expect(await known(id, `${signature}x`)).toEqual({ id, valid: false });
    const { body } = await office.ask('GET', `/v1/approvals/${id}`);
    expect(body.state).toBe('pending');
  });
});
