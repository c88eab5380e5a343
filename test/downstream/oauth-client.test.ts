import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { callTool, eventually, statusOf, textOf } from '../support/downstreams/harness.ts';
import { clientAuth, startRemote } from '../support/oauth/remote.ts';

const ERAS = ['legacy', 'modern'] as const;
const echo = { server: 'web', tool: 'echo' };

describe.each(ERAS)('a %s server that takes client credentials', (era) => {
  it('is connected to and called with a token that was asked for once, for this server', async () => {
    const { as, guarded, downstreams, fixture } = await startRemote({ auth: clientAuth, era });
    expect(statusOf(downstreams, 'web')).toMatchObject({ state: 'ready', era, problem: undefined });
    expect(textOf(await callTool(downstreams, echo))).toBe('hello');
    expect(as.tokenRequests).toHaveLength(1);
    expect(as.tokenRequests[0]?.form).toMatchObject({
      grant_type: 'client_credentials',
      resource: guarded.url,
    });
    expect(fixture.calls()).toHaveLength(1);
  });

  it('has a call that it refused with 401 made once more, with a new token', async () => {
    const { as, guarded, clock, downstreams, fixture } = await startRemote({ auth: clientAuth, era });
    clock.now += 10_000;
    as.expireAccess();
    const before = guarded.seen.length;
    expect(textOf(await callTool(downstreams, echo))).toBe('hello');
    expect(guarded.seen.slice(before).filter(({ verb }) => verb === 'POST')).toMatchObject([
      { passed: false },
      { passed: true },
    ]);
    expect(as.tokenRequests).toHaveLength(2);
    expect(fixture.calls()).toHaveLength(1);
  });

  it.each([
    ['without a challenge', '{"error":"invalid_token"}', false],
    ['with an answer to the call itself', undefined, true],
  ])('does not have a call repeated that it refused with 401 %s', async (_how, refusal, challenges) => {
    const { as, guarded, clock, downstreams, fixture } = await startRemote({ auth: clientAuth, era });
    clock.now += 10_000;
    as.expireAccess();
    Object.assign(guarded.behaviour, {
      challenges,
      refusesAfterwards: true,
      refusal: (body: string) =>
        refusal ??
        `{"jsonrpc":"2.0","id":${/"id":(\d+)/.exec(body)?.[1] ?? null},"error":{"code":-32000,"message":"no"}}`,
    });
    const outcome = await callTool(downstreams, echo);
    expect(outcome.kind).toBe(refusal === undefined ? 'error' : 'not_sent');
    expect(fixture.calls()).toHaveLength(1);
  });
});

it('a call whose new token is refused as well is not sent a third time, and says so', async () => {
  const { as, clock, downstreams, fixture } = await startRemote({ auth: clientAuth });
  clock.now += 10_000;
  as.expireAccess();
  const gate = Promise.withResolvers<void>();
  as.behaviour.tokenGate = gate.promise;
  const call = callTool(downstreams, echo);
  await eventually(() => as.tokenRequests.length === 2);
  gate.resolve();
  const set = as.valid.set.bind(as.valid);
  as.valid.set = (token, resource) => set(`${token}-of-another`, resource);
  expect(await call).toMatchObject({ kind: 'not_sent', reason: expect.stringContaining('HTTP 401') });
  expect(await callTool(downstreams, echo)).toMatchObject({ kind: 'not_sent' });
  expect(as.tokenRequests).toHaveLength(2);
  expect(fixture.calls()).toHaveLength(0);
});

it.each(['before it was sent', 'before it was sent again'])(
  'a call whose session ends while a token is awaited, %s, is not sent',
  async (when) => {
    const { as, clock, downstreams, fixture } = await startRemote({ auth: clientAuth });
    clock.now += when === 'before it was sent' ? 3_600_000 : 10_000;
    as.expireAccess();
    const gate = Promise.withResolvers<void>();
    as.behaviour.tokenGate = gate.promise;
    const session = { alive: true };
    const call = callTool(downstreams, { ...echo, stillAllowed: () => session.alive });
    await eventually(() => as.tokenRequests.length === 2);
    session.alive = false;
    gate.resolve();
    expect(await call).toMatchObject({ kind: 'not_sent', code: 'cancelled' });
    expect(fixture.calls()).toHaveLength(0);
  },
);

it('many calls that are refused at once ask for one new token together', async () => {
  const { as, clock, downstreams, fixture } = await startRemote({ auth: clientAuth });
  clock.now += 10_000;
  as.expireAccess();
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => callTool(downstreams, echo)));
  expect(outcomes.map(textOf)).toEqual(Array(20).fill('hello'));
  expect(as.tokenRequests).toHaveLength(2);
  expect(fixture.calls()).toHaveLength(20);
});

it('a token is renewed ahead of its end, while calls go on with the one that still works', async () => {
  const { as, clock, downstreams } = await startRemote({ auth: clientAuth });
  clock.now += 3_600_000 - 30_000;
  const gate = Promise.withResolvers<void>();
  as.behaviour.tokenGate = gate.promise;
  expect(textOf(await callTool(downstreams, echo))).toBe('hello');
  await eventually(() => as.tokenRequests.length === 2);
  gate.resolve();
  await eventually(() => as.valid.size === 2);
});

it('a token that has ended is not sent any more', async () => {
  const { as, guarded, clock, downstreams } = await startRemote({ auth: clientAuth });
  const [old] = as.valid.keys();
  clock.now += 3_600_000;
  const before = guarded.seen.length;
  expect(textOf(await callTool(downstreams, echo))).toBe('hello');
  const shown = guarded.seen.slice(before).map(({ headers }) => headers.authorization);
  expect(shown).not.toContain(`Bearer ${old}`);
});

it('a client proves itself by a signed assertion where it has a key, and each assertion is new', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
  const { as, clock, downstreams } = await startRemote({
    clients: { gateway: { key: { ...publicKey.export({ format: 'jwk' }), alg: 'ES256' } as never } },
    auth: (at) => clientAuth(at, { proof: { kind: 'key', pem, algorithm: 'ES256' } }),
  });
  expect(textOf(await callTool(downstreams, echo))).toBe('hello');
  clock.now += 10_000;
  as.expireAccess();
  expect(textOf(await callTool(downstreams, echo))).toBe('hello');
  const [first, second] = as.tokenRequests.map(({ form }) => form.client_assertion);
  expect(first).not.toBe(second);
  expect(as.tokenRequests[0]?.form).not.toHaveProperty('client_secret');
});

it('nothing is sent to an authorization server that is not the configured one, whatever the server says', async () => {
  const { as, downstreams } = await startRemote({
    auth: (at) => clientAuth(at, { issuer: 'https://as.example' }),
  });
  expect(statusOf(downstreams, 'web')).toMatchObject({
    state: 'down',
    problem: expect.stringContaining('another authorization server than the configured issuer'),
  });
  expect(as.tokenRequests).toEqual([]);
});

it('what an authorization server answers is never repeated, since it may repeat what it was sent', async () => {
  const { as, downstreams, lines } = await startRemote({
    auth: clientAuth,
    prepare: ({ as: server }) => {
      server.behaviour.tokenFault = {
        status: 400,
        body: { error: 'invalid_scope', error_description: 'you sent client-CANARY-secret' },
      };
    },
  });
  expect(statusOf(downstreams, 'web').problem).toContain('answered invalid_scope');
  expect(JSON.stringify([lines, downstreams.catalog().servers])).not.toContain('CANARY');
  expect(as.tokenRequests.length).toBeGreaterThan(0);
});
