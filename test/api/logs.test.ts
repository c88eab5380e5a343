import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCheckpoint } from '../../src/ledger/checkpoint.ts';
import { openNote, parseVkey } from '../../src/ledger/note.ts';
import { connectV1 } from '../support/agents.ts';
import { type Events, openEvents } from './support/events.ts';
import { type Office, openOffice } from './support/office.ts';

let office: Office;
const opened: Events[] = [];

beforeAll(async () => {
  office = await openOffice();
});
afterAll(async () => {
  for (const one of opened) one.cut();
  await office.close();
});

async function follow(
  query = '',
  headers: Record<string, string> = {},
  as = office.keys.reader,
): Promise<Events> {
  const credentials: Record<string, string> = as.includes('=')
    ? { cookie: as }
    : { authorization: `Bearer ${as}` };
  const events = await openEvents(`${office.gateway.app.origin}/v1/logs/stream${query}`, {
    ...credentials,
    ...headers,
  });
  opened.push(events);
  return events;
}

async function mint(subject: string): Promise<any> {
  return (await office.ask('POST', '/v1/sessions', { body: { subject } })).body;
}

async function found(query: string): Promise<any[]> {
  return (await office.ask('GET', `/v1/logs?limit=200&${query}`)).body.data;
}

describe('the query of the ledger', () => {
  it('finds what one user’s agent did, by subject, session, action, type, approval and time', async () => {
    const before = new Date().toISOString();
    const session = await mint('ann');
    const client = await connectV1(session.mcp);
    await client.callTool({ name: 'echo', arguments: { text: 'hello' } });
    const held: any = await client.callTool({ name: 'pay', arguments: { amount_cents: 7_500, to: 'c_9' } });
    await client.close();
    const approval = held.structuredContent.approval_id;
    await office.person.decide(approval, 'deny', 'no');
    await mint('bob');
    const types = (entries: any[]): string[] => entries.map((entry) => entry.type);

    const ofAnn = await found('subject=ann&order=asc');
    expect(types(ofAnn)).toEqual([
      'session.minted',
      'call.intent',
      'call.outcome',
      'approval.requested',
      'approval.decided',
      'approval.denied',
    ]);
    expect(await found(`session=${session.id}&order=asc`)).toEqual(ofAnn);
    expect(types(await found('action=oracle/echo&type=call.*&order=asc'))).toEqual([
      'call.intent',
      'call.outcome',
    ]);
    expect((await found('action=oracle/*')).length).toBeGreaterThanOrEqual(4);
    expect(types(await found(`approval=${approval}`))).toEqual([
      'approval.denied',
      'approval.decided',
      'approval.requested',
    ]);
    expect(types(await found(`type=approval.*&subject=ann&principal=person:${office.person.id}`))).toEqual([
      'approval.denied',
      'approval.decided',
    ]);
    expect((await found(`since=${before}&subject=ann`)).length).toBe(ofAnn.length);
    expect(await found(`until=${before}&subject=ann`)).toEqual([]);
    const { ts } = ofAnn[3];
    const since = await found(`since=${ts}&subject=ann&order=asc`);
    expect(since.at(-1)).toEqual(ofAnn.at(-1));
    expect(since.every((entry) => entry.ts >= ts)).toBe(true);
  });

  it('shows commitments and never arguments', async () => {
    const session = await mint('quiet');
    const client = await connectV1(session.mcp);
    await client.callTool({ name: 'echo', arguments: { text: 'unmistakable-words' } });
    await client.close();
    const { text } = await office.ask('GET', '/v1/logs?limit=200');
    expect(text).not.toContain('unmistakable-words');
    expect(text).not.toContain(session.mcp.headers.Authorization.slice('Bearer '.length));
  });
});

describe('the checkpoint', () => {
  it('is a note that the log’s key has signed, over the size and root that verify', async () => {
    const verified = (await office.ask('GET', '/v1/logs/verify')).body;
    expect(verified.ok).toBe(true);
    const { text, headers } = await office.ask('GET', '/v1/logs/checkpoint', { as: office.keys.reader });
    expect(headers.get('content-type')).toMatch(/^text\/plain/);
    const verifier = parseVkey(verified.vkey);
    if (verifier === undefined) throw new Error(`not a verifier key: ${verified.vkey}`);
    const note = openNote(text, verifier);
    if (!note.ok) throw new Error(note.reason);
    expect(parseCheckpoint(note.text)).toMatchObject({ size: verified.size, root: verified.root });
  });
});

describe('the stream of the ledger', () => {
  it('names first the entry to resume after, and then sends each new entry', async () => {
    const events = await follow();
    const [start] = await events.take(1);
    expect(start).toMatchObject({ event: undefined, data: undefined });
    const { id } = await mint('streamed');
    const [entry] = await events.take(1);
    expect(entry?.event).toBe('entry');
    expect(entry?.id).toBe(String(entry?.data.seq));
    expect(Number(entry?.id)).toBe(Number(start?.id) + 1);
    expect(entry?.data).toEqual((await found(`session=${id}`))[0]);
  });

  it('loses nothing when it is cut before its first entry', async () => {
    const events = await follow();
    const [start] = await events.take(1);
    events.cut();
    const { id } = await mint('missed');
    const again = await follow('', { 'last-event-id': start?.id ?? '' });
    expect((await again.take(2))[1]?.data.ref.session).toBe(id);
  });

  it('resumes without a gap and without a repeat, however often it is cut', async () => {
    const subject = 'resumed';
    const seen: number[] = [];
    const minted: string[] = [];
    let events = await follow(`?subject=${subject}`);
    let [last] = await events.take(1);
    for (let round = 0; round < 5; round += 1) {
      for (let count = 0; count < 4; count += 1) minted.push((await mint(subject)).id);
      const [entry] = await events.take(1);
      seen.push(entry?.data.seq);
      last = entry;
      events.cut();
      events = await follow(`?subject=${subject}`, { 'last-event-id': last?.id ?? '' });
      expect((await events.next())?.id).toBe(last?.id);
    }
    const rest = await events.take(minted.length - seen.length);
    seen.push(...rest.map((entry) => entry.data.seq));
    const wanted = (await found(`subject=${subject}&order=asc`)).map((entry) => entry.seq);
    expect(seen).toEqual(wanted);
    expect(wanted).toHaveLength(minted.length);
  });

  it('sends only what the filter asks for', async () => {
    const events = await follow('?type=session.revoked');
    await events.take(1);
    const { id } = await mint('filtered');
    await office.ask('POST', `/v1/sessions/${id}/revoke`, { body: { reason: 'over' } });
    const [entry] = await events.take(1);
    expect(entry?.data).toMatchObject({ type: 'session.revoked', ref: { session: id } });
  });

  it('refuses an id to resume after that is none', async () => {
    const headers = { 'last-event-id': 'yesterday' };
    const answered = await office.ask('GET', '/v1/logs/stream', { headers });
    expect(answered.status).toBe(400);
    expect(answered.body.fields[0].field).toBe('Last-Event-ID');
  });

  it('ends at once when its key is revoked', async () => {
    const made = await office.ask('POST', '/v1/keys', { body: { name: 'tail', roles: ['reader'] } });
    const events = await follow('', {}, made.body.key);
    const other = await follow();
    await Promise.all([events.take(1), other.take(1)]);
    await office.ask('POST', `/v1/keys/${made.body.id}/revoke`);
    const started = performance.now();
    let event = await events.next();
    while (event !== undefined) event = await events.next();
    expect(performance.now() - started).toBeLessThan(1_000);
    expect((await other.take(1))[0]?.data.type).toBe('key.revoked');
  });

  it('ends at once when its person signs out or is removed', async () => {
    for (const leave of ['sign-out', 'remove']) {
      const guest = await office.person.invite(`Guest ${leave}`);
      const events = await follow('', {}, guest.cookie);
      await events.take(1);
      const left =
        leave === 'remove'
          ? await office.person.perform('approver.remove', { person: guest.id })
          : await office.ask('POST', '/v1/webauthn/sign-out', { as: guest.cookie, body: {} });
      expect(left.status).toBeLessThan(300);
      let event = await events.next();
      while (event !== undefined) event = await events.next();
      expect((await office.ask('GET', '/v1/me', { as: guest.cookie })).status).toBe(401);
    }
  });
});
