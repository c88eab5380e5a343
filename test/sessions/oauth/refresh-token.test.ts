import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/core/limits.ts';
import { allowRequest } from '../../../src/sessions/oauth/answer-request.ts';
import { checkRequest } from '../../../src/sessions/oauth/check-request.ts';
import { endConnection, sessionOfToken } from '../../../src/sessions/oauth/known-token.ts';
import { refreshConnection } from '../../../src/sessions/oauth/refresh-token.ts';
import { type OauthDesk, openDesk, TERMS } from './support/desk.ts';

let desk: OauthDesk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

const refused = {
  code: 'not_found',
  message: expect.stringContaining('refresh_token: unknown, used, expired'),
};

describe('refreshing', () => {
  it('gives the same session two new tokens, and the old access token ends at once', async () => {
    const first = await desk.connect();
    const session = await desk.sessions.authenticate(first.accessToken);
    const second = await desk.refresh(first.refreshToken);
    expect(second.session).toBe(first.session);
    expect([second.accessToken, second.refreshToken]).not.toContain(first.accessToken);
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(await desk.sessions.authenticate(first.accessToken)).toBeUndefined();
    expect(await desk.sessions.authenticate(second.accessToken)).toEqual(session);
  });

  it('works after the access token has ended, again and again, and never beyond the consented lifetime', async () => {
    const state = await desk.connect({ ttlMs: 3_600_000 });
    const end = desk.deps.now() + 3_600_000;
    let { refreshToken } = state;
    for (const expected of [900, 900, 900]) {
      desk.office.advance(LIMITS.oauthAccessTokenTtlMs);
      const next = await desk.refresh(refreshToken);
      expect(next.expiresInSeconds).toBe(expected);
      ({ refreshToken } = next);
    }
    desk.office.advance(5 * 60_000);
    const last = await desk.refresh(refreshToken);
    expect(last.expiresInSeconds).toBe(600);
    desk.office.advance(10 * 60_000);
    expect(desk.deps.now()).toBe(end);
    expect(await desk.sessions.authenticate(last.accessToken)).toBeUndefined();
    await expect(desk.refresh(last.refreshToken)).rejects.toMatchObject(refused);
  });

  it('with a token that was used before ends the session, also for who has the newest', async () => {
    const first = await desk.connect();
    const second = await desk.refresh(first.refreshToken);
    await expect(desk.refresh(first.refreshToken)).rejects.toMatchObject(refused);
    expect(await desk.sessions.authenticate(second.accessToken)).toBeUndefined();
    await expect(desk.refresh(second.refreshToken)).rejects.toMatchObject(refused);
    expect((await desk.office.entries('session.revoked')).at(-1)).toMatchObject({
      ref: { session: first.session },
      body: { reason: 'its refresh token was used twice' },
    });
  });

  it('twice at the same time gives nobody a session that lasts', async () => {
    const { refreshToken } = await desk.connect();
    const both = await Promise.allSettled([desk.refresh(refreshToken), desk.refresh(refreshToken)]);
    const given = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value.accessToken] : []));
    expect(given).toHaveLength(1);
    expect(await desk.sessions.authenticate(given[0] ?? '')).toBeUndefined();
  });

  it('by another client is refused, and leaves the token to its owner', async () => {
    const { refreshToken } = await desk.connect();
    await expect(desk.refresh(refreshToken, 'ocl_other')).rejects.toMatchObject(refused);
    await expect(desk.refresh(refreshToken)).resolves.toBeDefined();
  });

  it('for another resource is refused', async () => {
    const { refreshToken } = await desk.connect();
    const asked = { token: refreshToken, clientId: desk.client.id, resource: 'https://other.example/mcp' };
    await expect(refreshConnection(desk.deps, asked)).rejects.toMatchObject({
      fields: [{ field: 'resource' }],
    });
  });

  it('with anything that is no refresh token is refused alike', async () => {
    const { accessToken } = await desk.connect();
    for (const token of ['', 'csr_', `csr_${'A'.repeat(43)}`, accessToken])
      await expect(desk.refresh(token)).rejects.toMatchObject(refused);
  });

  it('is refused once the session is revoked, and brings it not back', async () => {
    const { refreshToken, session } = await desk.connect();
    await desk.sessions.revoke({ id: session, by: 'api_key:key_1', reason: 'enough' });
    await expect(desk.refresh(refreshToken)).rejects.toMatchObject(refused);
    expect(await desk.sessions.get(session)).toMatchObject({ revokeReason: 'enough' });
  });

  it('is refused once the person who consented is removed', async () => {
    const grace = await desk.office.invite(desk.ada, 'Grace');
    const by = { personId: grace.person.id, browser: 'hers' };
    const checked = await checkRequest(desk.deps, { query: desk.query(), by });
    const consent = checked.kind === 'ask' ? checked.consent : '';
    const redirect = new URL(await allowRequest(desk.deps, { consent, by, terms: TERMS }));
    const { refreshToken } = await desk.redeem(redirect);
    await desk.office.remove(desk.ada, grace);
    await expect(desk.refresh(refreshToken)).rejects.toMatchObject(refused);
  });
});

describe('a session whose token was replaced', () => {
  it('is still told to end when its time has come, once', async () => {
    const first = await desk.connect({ ttlMs: LIMITS.oauthConsentedMinMs });
    await desk.sessions.authenticate(first.accessToken);
    await desk.refresh(first.refreshToken);
    const ended: string[] = [];
    desk.sessions.onEnded((id) => ended.push(id));
    desk.office.advance(LIMITS.oauthConsentedMinMs);
    desk.sessions.sweep();
    desk.sessions.sweep();
    expect(ended.filter((id) => id === first.session)).toEqual([first.session]);
  });
});

describe('ending a connection', () => {
  it.each(['accessToken', 'refreshToken'] as const)('by its %s ends the session', async (which) => {
    const tokens = await desk.connect();
    await endConnection(desk.deps, { token: tokens[which], clientId: desk.client.id });
    expect(await desk.sessions.authenticate(tokens.accessToken)).toBeUndefined();
    expect((await desk.sessions.get(tokens.session))?.revokeReason).toBe('the application disconnected');
  });

  it('is left to the client that has it', async () => {
    const tokens = await desk.connect();
    await endConnection(desk.deps, { token: tokens.accessToken, clientId: 'ocl_other' });
    expect(await desk.sessions.authenticate(tokens.accessToken)).toBeDefined();
  });

  it('changes nothing by a token that is not in force', async () => {
    const first = await desk.connect();
    const second = await desk.refresh(first.refreshToken);
    for (const token of [first.accessToken, first.refreshToken, `csr_${'A'.repeat(43)}`, 'x'])
      await endConnection(desk.deps, { token, clientId: undefined });
    expect(await desk.sessions.authenticate(second.accessToken)).toBeDefined();
  });
});

it('what is known of a token is its session and its client, while it is in force', async () => {
  const tokens = await desk.connect();
  for (const token of [tokens.accessToken, tokens.refreshToken])
    expect(await sessionOfToken(desk.deps, token)).toMatchObject({
      session: { id: tokens.session },
      clientId: desk.client.id,
    });
  await desk.sessions.revoke({ id: tokens.session, by: 'x', reason: 'x' });
  for (const token of [tokens.accessToken, tokens.refreshToken])
    expect(await sessionOfToken(desk.deps, token)).toBeUndefined();
});
