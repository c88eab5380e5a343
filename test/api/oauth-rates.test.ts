import { afterEach, expect, it } from 'vitest';
import { type Office, openOffice } from './support/office.ts';

// Few enough to use up in a test, and enough for the office to furnish itself.
const REQUESTS = 40;
const ANONYMOUS = 20;
const TRIES = ANONYMOUS + 10;

let office: Office;
afterEach(() => office.close());

async function open(): Promise<void> {
  const api = { requests_per_minute: REQUESTS, anonymous_per_minute: ANONYMOUS };
  office = await openOffice({ settings: { api } });
}

interface Sent {
  readonly path?: string;
  readonly headers?: Record<string, string>;
}

const post = (body: string, { path = '/oauth/token', headers = {} }: Sent) =>
  fetch(`${office.gateway.app.origin}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body,
  });

async function tries(body: string, sent: Sent): Promise<Response[]> {
  const answers: Response[] = [];
  for (let count = 0; count < TRIES; count++) answers.push(await post(body, sent));
  return answers;
}

const statuses = (answers: readonly Response[]) => answers.map(({ status }) => status);
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const SESSION = 'urn:countersign:params:oauth:token-type:session';
const REFRESH = 'grant_type=refresh_token&refresh_token=csr_guess&client_id=oac_guess';

it('guesses at the token endpoint are counted by their address and refused in the words of OAuth, and keys go on', async () => {
  await open();
  const answers = await tries(REFRESH, {});
  expect(statuses(answers).slice(0, 3)).toEqual([400, 400, 400]);
  const last = answers.at(-1);
  expect(last?.status).toBe(429);
  expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await last?.json()).toMatchObject({ error: 'temporarily_unavailable', code: 'rate_limited' });
  const asked = await post('token=x', { path: '/oauth/introspect', headers: bearer(office.keys.reader) });
  expect(asked.status).toBe(200);
  // It is one allowance: what was used up here is used up for the rest of the API.
  expect((await office.askAnonymously('GET', '/v1/servers')).status).toBe(429);
});

it('a header that an endpoint does not look at spares nobody the count', async () => {
  await open();
  const good = bearer(office.keys.reader);
  expect(statuses(await tries(REFRESH, { headers: good })).at(-1)).toBe(429);
});

it.each([
  ['narrows a session', `grant_type=${EXCHANGE}&subject_token_type=${SESSION}&subject_token=guess`],
  ['says of no token what it is', `grant_type=${EXCHANGE}`],
  ['says something twice', 'grant_type=a&grant_type=b'],
])('a header that nobody can tell spares a request that %s no count', async (_what, body) => {
  await open();
  const sent = { headers: { authorization: 'Bearer anything' } };
  expect(statuses(await tries(body, sent)).at(-1)).toBe(429);
});

it('guesses of keys at an endpoint that wants one are counted by their address', async () => {
  await open();
  const answers = await tries('token=x', { path: '/oauth/introspect', headers: bearer('cs_guess') });
  expect(statuses(answers).slice(0, 3)).toEqual([401, 401, 401]);
  expect(statuses(answers).at(-1)).toBe(429);
});

it('an address registers no more applications than it may send requests', async () => {
  await open();
  const body = JSON.stringify({ redirect_uris: ['http://127.0.0.1:1/cb'] });
  const headers = { 'content-type': 'application/json' };
  const answers = await tries(body, { path: '/oauth/register', headers });
  expect(statuses(answers)[0]).toBe(201);
  expect(statuses(answers).at(-1)).toBe(429);
});

it('what is malformed is counted too', async () => {
  await open();
  expect(statuses(await tries('grant_type=a&grant_type=b', {})).at(-1)).toBe(429);
});

it('each request is counted once', async () => {
  await open();
  const left = (await tries('grant_type=a&grant_type=b', {})).filter(({ status }) => status === 400).length;
  await office.close();
  await open();
  const answered = (await tries(REFRESH, {})).filter(({ status }) => status === 400).length;
  // The clock gives one back every three seconds.
  expect(Math.abs(answered - left)).toBeLessThan(3);
  expect(left).toBeGreaterThan(6);
});

it('a caller with a key uses up the key’s own allowance, and is told what is left of it', async () => {
  await open();
  const sent = { path: '/oauth/introspect', headers: bearer(office.keys.reader) };
  const one = await post('token=x', sent);
  expect(one.headers.get('ratelimit-policy')).toBe(`"api";q=${REQUESTS};w=60`);
  const answers = [...(await tries('token=x', sent)), ...(await tries('token=x', sent))];
  expect(statuses(answers).at(-1)).toBe(429);
  const other = await post('token=x', { ...sent, headers: bearer(office.keys.requester) });
  expect(other.status).toBe(200);
});
