import { afterEach, describe, expect, it } from 'vitest';
import { openEvents } from './support/events.ts';
import { type Office, openOffice } from './support/office.ts';

const open: Office[] = [];

async function office(): Promise<Office> {
  const one = await openOffice();
  open.push(one);
  return one;
}

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function timed<T>(act: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const started = performance.now();
  const value = await act();
  return { value, ms: performance.now() - started };
}

describe('waiting for an approval', () => {
  it('ends with 202, its present state and Retry-After when the time is over', async () => {
    const { ask, freeze } = await office();
    const id = await freeze();
    const { value: answered, ms } = await timed(() => ask('GET', `/v1/approvals/${id}/wait?timeout_ms=150`));
    expect([answered.status, answered.body.state]).toEqual([202, 'pending']);
    expect(answered.headers.get('retry-after')).toBe('1');
    expect(ms).toBeGreaterThanOrEqual(145);
    expect((await ask('GET', `/v1/approvals/${id}/wait?timeout_ms=0`)).status).toBe(202);
  });

  it('ends at once with the result when a person approves', async () => {
    const { ask, freeze, person, keys } = await office();
    const id = await freeze();
    const waiting = ask('GET', `/v1/approvals/${id}/wait`, { as: keys.requester });
    await ask('GET', `/v1/approvals/${id}`);
    await person.decide(id, 'approve');
    const { value: settled, ms } = await timed(() => waiting);
    expect([settled.status, settled.body.state]).toEqual([200, 'succeeded']);
    expect(settled.body.result.kind).toBe('result');
    expect(ms).toBeLessThan(900);
  });

  it.each([
    ['denied', ({ person }: Office, id: string) => person.decide(id, 'deny', 'not today')],
    ['cancelled', ({ ask }: Office, id: string) => ask('POST', `/v1/approvals/${id}/cancel`, { body: {} })],
  ] as const)('ends at once when it is %s', async (state, settle) => {
    const here = await office();
    const id = await here.freeze();
    const waiting = here.ask('GET', `/v1/approvals/${id}/wait`);
    await here.ask('GET', `/v1/approvals/${id}`);
    await settle(here, id);
    const { value: settled, ms } = await timed(() => waiting);
    expect([settled.status, settled.body.state]).toEqual([200, state]);
    expect(ms).toBeLessThan(500);
  });
});

describe('closing the gateway', () => {
  it('ends open streams and waits within a second, each with a whole answer', async () => {
    const { gateway, ask, freeze, keys } = await office();
    const id = await freeze();
    const events = await openEvents(`${gateway.app.origin}/v1/logs/stream`, {
      authorization: `Bearer ${keys.reader}`,
    });
    await events.take(1);
    const waiting = ask('GET', `/v1/approvals/${id}/wait`);
    await ask('GET', `/v1/approvals/${id}`);

    const { ms } = await timed(() => gateway.app.close());
    expect(ms).toBeLessThan(1_000);
    const answered = await waiting;
    expect([answered.status, answered.body.state]).toEqual([202, 'pending']);
    expect(await events.next()).toBeUndefined();
  });

  it('keeps what waits for the next start', async () => {
    const { gateway, freeze } = await office();
    const id = await freeze();
    await gateway.restart();
    const { status, body } = await gateway.api('GET', `/v1/approvals/${id}`);
    expect([status, body.state]).toEqual([200, 'pending']);
  });
});
