import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Office, openOffice } from './support/office.ts';

let office: Office;

beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office.close());

async function mint(body: object): Promise<string> {
  return (await office.ask('POST', '/v1/sessions', { body })).body.id;
}

/** Reads a list to its end, and does `between` before each further page. */
async function readAll(
  path: string,
  between: () => Promise<unknown> = async () => undefined,
): Promise<any[]> {
  const items: any[] = [];
  let cursor: string | null = null;
  do {
    const more: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { status, body } = await office.ask('GET', `${path}${more}`);
    expect(status).toBe(200);
    expect(body.has_more).toBe(body.next_cursor !== null);
    items.push(...body.data);
    cursor = body.next_cursor;
    if (cursor !== null) await between();
  } while (cursor !== null);
  return items;
}

const ids = (items: readonly { id: string }[]): string[] => items.map((item) => item.id);

it('an address with a NUL is refused, wherever it stands, and the refusal says where', async () => {
  for (const [path, field] of [
    ['/v1/approvals/%00', 'path'],
    ['/v1/approvals?subject=%00', 'subject'],
    ['/v1/capabilities/cap_%00', 'path'],
  ] as const) {
    const { status, body } = await office.ask('GET', path);
    expect([path, status, body.fields?.[0]?.field]).toEqual([path, 400, field]);
  }
});

describe('a list in pages', () => {
  it('of sessions has no gaps and no repeats while others are minted', async () => {
    const minted: string[] = [];
    for (let count = 0; count < 12; count += 1) minted.push(await mint({ subject: 'paged' }));
    const read = await readAll('/v1/sessions?subject=paged&limit=5', () => mint({ subject: 'paged' }));
    expect(ids(read)).toEqual(minted.toReversed());
  });

  it('of keys has no gaps and no repeats, and holds those in force, revoked or of one maker alone', async () => {
    const made: string[] = [];
    const make = async () =>
      (await office.ask('POST', '/v1/keys', { body: { name: 'x', roles: ['reader'] } })).body;
    for (let count = 0; count < 5; count += 1) made.push((await make()).id);
    const [ended = ''] = made;
    await office.ask('POST', `/v1/keys/${ended}/revoke`, { body: {} });
    const read = await readAll('/v1/keys?limit=2', make);
    expect(ids(read).slice(0, 5)).toEqual(made.toReversed());
    expect(new Set(ids(read)).size).toBe(read.length);
    expect(ids(await readAll('/v1/keys?state=revoked&limit=1'))).toEqual([ended]);
    expect(ids(await readAll('/v1/keys?state=active&limit=3'))).not.toContain(ended);
    const first = ids(await readAll('/v1/keys?created_by=gateway:start'));
    expect([first.length, made.includes(first[0] ?? '')]).toEqual([1, false]);
    for (const [query, field] of [
      ['state=gone', 'state'],
      ['cursor=x', 'cursor'],
    ]) {
      const { status, body } = await office.ask('GET', `/v1/keys?${query}`);
      expect([status, body.fields?.[0]?.field]).toEqual([400, field]);
    }
  });

  it('of approvals has no gaps and no repeats while others are frozen', async () => {
    const frozen: string[] = [];
    for (let count = 0; count < 7; count += 1) frozen.push(await office.freeze());
    const read = await readAll('/v1/approvals?state=pending&limit=3', () => office.freeze());
    expect(ids(read)).toEqual(frozen.toReversed());
  });

  it('of approvals is given oldest first too, of one risk, and of these ids alone', async () => {
    const [one, two] = [await office.freeze(), await office.freeze()];
    const oldest = await readAll('/v1/approvals?state=pending&order=oldest&limit=2', () => office.freeze());
    const times = oldest.map((approval) => approval.requested_at);
    expect(times).toEqual(times.toSorted());
    expect(new Set(ids(oldest)).size).toBe(oldest.length);
    expect(ids(oldest)).toEqual(expect.arrayContaining([one, two]));
    expect(ids(await readAll(`/v1/approvals?ids=${two},apr_none,${one}`))).toEqual([two, one]);
    expect(await readAll('/v1/approvals?state=pending&risk=low')).toEqual([]);
    expect((await readAll(`/v1/approvals?risk=high&ids=${one}`)).length).toBe(1);
    for (const odd of ['ids=', 'ids=a,', 'risk=none', 'order=asc', `ids=${'a,'.repeat(100)}a`])
      expect((await office.ask('GET', `/v1/approvals?${odd}`)).status, odd).toBe(400);
  });

  it('of entries has no gaps and no repeats in either order while others are written', async () => {
    const write = (): Promise<string> => mint({ subject: 'writer' });
    const newest = await readAll('/v1/logs?limit=10&order=desc', write);
    const first = newest[0].seq;
    expect(newest.map((entry) => entry.seq)).toEqual(newest.map((_, index) => first - index));
    expect(newest.at(-1).type).toBe('ledger.genesis');
    const oldest = await readAll('/v1/logs?limit=50&order=asc', write);
    expect(oldest.map((entry) => entry.seq)).toEqual(oldest.map((_, index) => index));
    expect(oldest.length).toBeGreaterThan(newest.length);
  });

  it.each(['/v1/sessions', '/v1/approvals', '/v1/logs'])(
    'refuses a cursor that it did not make: %s',
    async (path) => {
      const { body } = await office.ask('GET', `${path}?limit=1`);
      const forged = [
        'x',
        'bnVsbA',
        '!!!!',
        `${body.next_cursor}x%00`,
        Buffer.from('["1","a"]').toString('base64url'),
        Buffer.from('{"at":1,"id":"a"}').toString('base64url'),
        Buffer.from('[1e400,"a"]').toString('base64url'),
        Buffer.from('desc:-1').toString('base64url'),
      ];
      for (const cursor of forged) {
        const answered = await office.ask('GET', `${path}?cursor=${cursor}`);
        expect([cursor, answered.status]).toEqual([cursor, 400]);
        expect(answered.body.fields[0].field).toBe('cursor');
      }
    },
  );

  it('refuses the cursor of entries for the other order', async () => {
    const { body } = await office.ask('GET', '/v1/logs?limit=1&order=asc');
    const answered = await office.ask('GET', `/v1/logs?order=desc&cursor=${body.next_cursor}`);
    expect(answered.status).toBe(400);
    expect(answered.body.detail).toContain('order=asc');
  });
});

describe('a filter of sessions', () => {
  it('finds those of a subject in one state', async () => {
    const active = await mint({ subject: 'filter' });
    const revoked = await mint({ subject: 'filter' });
    const expired = await mint({ subject: 'filter', ttl_ms: 1_000 });
    await office.ask('POST', `/v1/sessions/${revoked}/revoke`, { body: { reason: 'done' } });
    const { expires_at } = (await office.ask('GET', `/v1/sessions/${expired}`)).body;
    await new Promise((resolve) => setTimeout(resolve, Date.parse(expires_at) - Date.now() + 5));

    const found = async (query: string): Promise<string[]> =>
      ids((await office.ask('GET', `/v1/sessions?subject=filter${query}`)).body.data);
    expect(await found('')).toEqual([expired, revoked, active]);
    expect(await found('&state=active')).toEqual([active]);
    expect(await found('&state=revoked')).toEqual([revoked]);
    expect(await found('&state=expired')).toEqual([expired]);
    expect(await found('&state=active&limit=1')).toEqual([active]);
    expect((await office.ask('GET', '/v1/sessions?subject=nobody')).body.data).toEqual([]);
  });

  it('pages within the filter', async () => {
    const minted: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      minted.push(await mint({ subject: 'sparse' }));
      await mint({ subject: 'noise' });
    }
    const read = await readAll('/v1/sessions?subject=sparse&state=active&limit=2');
    expect(ids(read)).toEqual(minted.toReversed());
  });
});

describe('a filter of approvals', () => {
  it('finds those of a session, a subject, a tool and a state', async () => {
    const id = await office.freeze();
    const { body } = await office.ask('GET', `/v1/approvals/${id}`);
    const has = async (query: string): Promise<boolean> =>
      ids((await office.ask('GET', `/v1/approvals?limit=200&${query}`)).body.data).includes(id);
    expect(
      await has(`session=${body.session.id}&subject=${body.session.subject}&tool=pay&state=pending`),
    ).toBe(true);
    expect(await has('session=ses_other')).toBe(false);
    expect(await has('subject=other')).toBe(false);
    expect(await has('tool=echo')).toBe(false);
    expect(await has('state=denied')).toBe(false);
    await office.person.decide(id, 'deny', 'not today');
    expect(await has('state=pending')).toBe(false);
    expect(await has('state=denied')).toBe(true);
  });

  it('never lists what has run out as pending', async () => {
    const { body } = await office.ask('GET', '/v1/approvals?state=pending&limit=200');
    expect(new Set(body.data.map((one: { state: string }) => one.state))).toEqual(new Set(['pending']));
  });
});
