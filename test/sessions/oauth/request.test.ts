import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowRequest, denyRequest } from '../../../src/sessions/oauth/answer-request.ts';
import { checkRequest } from '../../../src/sessions/oauth/check-request.ts';
import { ORIGIN } from '../../principals/support/office.ts';
import { challengeOf, type OauthDesk, openDesk, REDIRECT, TERMS, VERIFIER } from './support/desk.ts';

let desk: OauthDesk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

describe('an authorization request', () => {
  it('of a known client and redirect is put before the person', async () => {
    const { kind, client, redirectUri } = await desk.check();
    expect([kind, client.name, redirectUri]).toEqual(['ask', 'Robot', REDIRECT]);
  });

  it('may leave out what has only one meaning: scope, state, and the resource', async () => {
    const { kind } = await desk.check({ scope: undefined, state: undefined, resource: undefined });
    expect(kind).toBe('ask');
  });

  it.each([
    ['an unknown client', { client_id: 'ocl_0000000000000000000000' }, 'client_id'],
    ['no client', { client_id: undefined }, 'client_id'],
    ['a client that is an http address', { client_id: 'http://app.example/client.json' }, 'client_id'],
    ['a client that is an origin', { client_id: 'https://app.example/' }, 'client_id'],
    ['a redirect that was not named', { redirect_uri: 'https://evil.example/cb' }, 'redirect_uri'],
    ['a redirect with more at its end', { redirect_uri: `${REDIRECT}&x=1` }, 'redirect_uri'],
    ['no redirect', { redirect_uri: undefined }, 'redirect_uri'],
    ['a NUL', { state: 'a\0b' }, 'state'],
  ] as const)('with %s is refused to the person, and nobody else is told', async (_, change, field) => {
    await expect(desk.check(change)).rejects.toMatchObject({ code: 'invalid_request', fields: [{ field }] });
  });

  it('that says a parameter twice is refused to the person, whichever it is', async () => {
    for (const extra of ['redirect_uri=https%3A%2F%2Fevil.example', 'client_id=x', 'resource=x', 'state=y']) {
      const query = `${desk.query()}&${extra}`;
      const refusal = checkRequest(desk.deps, { query, by: desk.by });
      await expect(refusal).rejects.toMatchObject({ code: 'invalid_request' });
    }
  });

  it.each([
    ['without PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['with plain PKCE', { code_challenge_method: 'plain', code_challenge: VERIFIER }, 'invalid_request'],
    ['that leaves the PKCE method out', { code_challenge_method: undefined }, 'invalid_request'],
    ['with a challenge that is no digest', { code_challenge: 'short' }, 'invalid_request'],
    ['for an implicit token', { response_type: 'token' }, 'unsupported_response_type'],
    ['for a code and a token', { response_type: 'code token' }, 'unsupported_response_type'],
    ['without a response type', { response_type: undefined }, 'unsupported_response_type'],
    ['by fragment', { response_mode: 'fragment' }, 'invalid_request'],
    ['for another server', { resource: 'https://other.example/mcp' }, 'invalid_target'],
    ['for another path', { resource: `${ORIGIN}/mcp/control` }, 'invalid_target'],
    ['for this server with a query', { resource: `${ORIGIN}/mcp?x` }, 'invalid_target'],
    ['for a resource with a fragment', { resource: `${ORIGIN}/mcp#x` }, 'invalid_target'],
    ['with an endless state', { state: 'x'.repeat(2_001) }, 'invalid_request'],
    ['with a state that is no text', { state: 'a\u0007' }, 'invalid_request'],
  ] as const)('%s is refused with an answer that the person may send on', async (_, change, error) => {
    const checked = await desk.check(change);
    if (checked.kind !== 'refused') throw new Error('it was accepted');
    const { origin, pathname, searchParams } = new URL(checked.returnTo);
    expect(`${origin}${pathname}`).toBe('https://app.example/callback');
    expect(Object.fromEntries(searchParams)).toMatchObject({ tenant: '1', error, iss: ORIGIN });
    expect(searchParams.has('code')).toBe(false);
    expect(searchParams.get('state')).toBe('state' in change ? change.state : 'opaque state');
  });

  it('means this endpoint however its host is written', async () => {
    expect((await desk.check({ resource: 'HTTP://LOCALHOST:4400/mcp' })).kind).toBe('ask');
  });
});

describe('a consent', () => {
  async function asked(): Promise<string> {
    const checked = await desk.check();
    return checked.kind === 'ask' ? checked.consent : '';
  }
  const terms = TERMS;

  it('gives a redirect with the code, the state as it came, and who issued it', async () => {
    const { origin, pathname, searchParams } = await desk.allow();
    expect(`${origin}${pathname}`).toBe('https://app.example/callback');
    expect(Object.fromEntries(searchParams)).toEqual({
      tenant: '1',
      code: expect.stringMatching(/^csc_[A-Za-z0-9_-]{43}$/),
      state: 'opaque state',
      iss: ORIGIN,
    });
  });

  it('that says no tells the application so, and leaves nothing', async () => {
    const before = await desk.office.entries('session.');
    const { searchParams } = new URL(denyRequest(desk.deps, { consent: await asked(), by: desk.by }));
    expect(Object.fromEntries(searchParams)).toMatchObject({
      error: 'access_denied',
      state: 'opaque state',
      iss: ORIGIN,
    });
    expect(await desk.office.entries('session.')).toEqual(before);
  });

  it('works once, and is refused when it comes again', async () => {
    const consent = await asked();
    await allowRequest(desk.deps, { consent, by: desk.by, terms });
    const again = allowRequest(desk.deps, { consent, by: desk.by, terms });
    await expect(again).rejects.toMatchObject({ code: 'conflict' });
  });

  it('works once also after its session has ended, while it could still be given', async () => {
    const consent = await asked();
    const short = { ...terms, ttlMs: 5 * 60_000 };
    const redirect = new URL(await allowRequest(desk.deps, { consent, by: desk.by, terms: short }));
    await desk.redeem(redirect);
    desk.office.advance(9 * 60_000);
    await desk.allow();
    const again = allowRequest(desk.deps, { consent, by: desk.by, terms });
    await expect(again).rejects.toThrow('answered already');
  });

  it('works once also when it comes twice at the same time', async () => {
    const consent = await asked();
    const both = await Promise.allSettled(
      [1, 2].map(() => allowRequest(desk.deps, { consent, by: desk.by, terms })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('is good in the browser and for the person that were shown the request, and for no other', async () => {
    const consent = await asked();
    for (const other of [
      { ...desk.by, browser: 'another-browser' },
      { ...desk.by, personId: 'per_mallory' },
    ]) {
      const taken = allowRequest(desk.deps, { consent, by: other, terms });
      await expect(taken).rejects.toMatchObject({ code: 'conflict' });
      expect(() => denyRequest(desk.deps, { consent, by: other })).toThrow('another browser');
    }
  });

  it('cannot be changed by the page that carries it', async () => {
    const bytes = Buffer.from(await asked(), 'base64url');
    for (const at of [0, 20, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const consent = changed.toString('base64url');
      await expect(allowRequest(desk.deps, { consent, by: desk.by, terms })).rejects.toMatchObject({
        code: 'conflict',
      });
    }
    for (const consent of ['', 'x', 'A'.repeat(100)])
      await expect(allowRequest(desk.deps, { consent, by: desk.by, terms })).rejects.toThrow('run out');
  });

  it('runs out after ten minutes', async () => {
    const consent = await asked();
    desk.office.advance(10 * 60_000);
    await expect(allowRequest(desk.deps, { consent, by: desk.by, terms })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  it.each([
    ['no tools', { tools: [] }, 'tools'],
    ['a pattern with a space', { tools: ['a b'] }, 'tools[0]'],
    ['a moment', { ttlMs: 60_000 }, 'ttl_ms'],
    ['longer than a session may last', { ttlMs: 31 * 24 * 3_600_000 }, 'ttl_ms'],
    ['half a millisecond', { ttlMs: 3_600_000.5 }, 'ttl_ms'],
    ['a label without a name', { labels: { '': 'x' } }, 'labels.'],
  ] as const)('to %s is refused, naming the field', async (_, change, field) => {
    const consent = await asked();
    const refused = allowRequest(desk.deps, { consent, by: desk.by, terms: { ...TERMS, ...change } });
    await expect(refused).rejects.toMatchObject({ code: 'invalid_request', fields: [{ field }] });
    expect(challengeOf(VERIFIER)).toHaveLength(43);
  });

  it('of a person who was removed meanwhile is refused', async () => {
    const grace = await desk.office.invite(desk.ada, 'Grace');
    const by = { personId: grace.person.id, browser: 'grace-browser' };
    const checked = await checkRequest(desk.deps, { query: desk.query(), by });
    await desk.office.remove(desk.ada, grace);
    const consent = checked.kind === 'ask' ? checked.consent : '';
    await expect(allowRequest(desk.deps, { consent, by, terms })).rejects.toMatchObject({ code: 'conflict' });
  });
});
