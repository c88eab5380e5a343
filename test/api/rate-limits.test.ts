import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Office, openOffice } from './support/office.ts';

// Few enough to use up in a test, and enough for the office to furnish itself.
const REQUESTS = 40;
const ANONYMOUS = 20;

let office: Office;
beforeAll(async () => {
  const api = { requests_per_minute: REQUESTS, anonymous_per_minute: ANONYMOUS };
  office = await openOffice({ settings: { api } });
});
afterAll(() => office.close());

const read = (as: string) => office.ask('GET', '/v1/servers', { as });

describe('the API', () => {
  it('says in each answer how much of it the caller may use, and what is left', async () => {
    const one = await read(office.keys.reader);
    const two = await read(office.keys.reader);
    expect(one.headers.get('ratelimit-policy')).toBe(`"api";q=${REQUESTS};w=60`);
    expect(one.headers.get('ratelimit')).toMatch(/^"api";r=39;t=2$/);
    expect(two.headers.get('ratelimit')).toMatch(/^"api";r=38;t=3$/);
  });

  it('refuses a caller who has used it up, says for how long, and serves the others', async () => {
    const answers = [];
    for (let count = 0; count < REQUESTS + 10; count++) answers.push(await read(office.keys.minter));
    const refused = answers.filter((one) => one.status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.body).toMatchObject({ code: 'rate_limited' });
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await office.ask('GET', '/v1/approvals', { as: office.keys.requester })).status).toBe(200);
  });

  it('hears out no more guesses from an address that has made too many, and serves good keys from there', async () => {
    const guesses = [];
    for (let count = 0; count < ANONYMOUS + 10; count++)
      guesses.push((await read(`cs_guess${count}`)).status);
    expect(guesses.slice(0, 3)).toEqual([401, 401, 401]);
    expect(guesses.at(-1)).toBe(429);
    expect((await read(office.keys.reader)).status).toBe(200);
  });
});
