import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/core/limits.ts';
import { mintSession } from '../../../src/sessions/mint.ts';
import { allowRequest } from '../../../src/sessions/oauth/answer-request.ts';
import { checkRequest } from '../../../src/sessions/oauth/check-request.ts';
import { sessionOfToken } from '../../../src/sessions/oauth/known-token.ts';
import { redeemCode } from '../../../src/sessions/oauth/redeem-code.ts';
import { refreshConnection } from '../../../src/sessions/oauth/refresh-token.ts';
import { ORIGIN } from '../../principals/support/office.ts';
import { type OauthDesk, openDesk, REDIRECT, TERMS, VERIFIER } from './support/desk.ts';

let desk: OauthDesk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

const refused = {
  code: 'not_found',
  message: expect.stringContaining('unknown, used, expired, or for another'),
};

describe('redeeming a code', () => {
  it('mints the session that the person consented to, on the ledger as any other', async () => {
    const tokens = await desk.connect({ ttlMs: 8 * 3_600_000 });
    expect(tokens).toEqual({
      session: expect.stringMatching(/^ses_/),
      accessToken: expect.stringMatching(/^cso_[A-Za-z0-9_-]{43}$/),
      refreshToken: expect.stringMatching(/^csr_[A-Za-z0-9_-]{43}$/),
      expiresInSeconds: LIMITS.oauthAccessTokenTtlMs / 1_000,
    });
    const session = await desk.sessions.authenticate(tokens.accessToken);
    const person = `person:${desk.ada.person.id}`;
    expect(session).toMatchObject({
      subject: 'ada',
      scope: TERMS.tools,
      labels: TERMS.labels,
      mintedBy: person,
    });
    expect((session?.expiresAt ?? 0) - desk.deps.now()).toBe(8 * 3_600_000);
    const minted = (await desk.office.entries('session.minted')).at(-1);
    expect(minted).toMatchObject({
      ref: { session: tokens.session, subject: 'ada', principal: person },
      body: {
        session: tokens.session,
        scope: TERMS.tools,
        minted_by: person,
        expires_at: session?.expiresAt,
        client: { id: desk.client.id, kind: 'registered', name: 'Robot' },
      },
    });
    expect(JSON.stringify(minted)).not.toMatch(/cs[orc]_[A-Za-z0-9_-]{20}/);
  });

  it('counts the lifetime from the consent, not from the redemption', async () => {
    const redirect = await desk.allow();
    const until = desk.deps.now() + TERMS.ttlMs;
    desk.office.advance(59_000);
    const { accessToken } = await desk.redeem(redirect);
    expect((await desk.sessions.authenticate(accessToken))?.expiresAt).toBe(until);
  });

  it.each([
    ['another verifier', { verifier: 'w'.repeat(43) }],
    ['an empty verifier', { verifier: '' }],
    ['the challenge as its verifier', { verifier: 'x' }],
    ['another client', { clientId: 'ocl_other' }],
    ['another redirect URI', { redirectUri: 'https://app.example/callback' }],
    ['a code that is none', { code: 'csc_' }],
    ['a code that nobody gave', { code: `csc_${'A'.repeat(43)}` }],
  ] as const)('is refused with %s, and leaves the code to its owner', async (_, change) => {
    const redirect = await desk.allow();
    await expect(desk.redeem(redirect, change)).rejects.toMatchObject(refused);
    await expect(desk.redeem(redirect)).resolves.toMatchObject({ session: expect.any(String) });
  });

  it('is refused for another resource', async () => {
    const redirect = await desk.allow();
    for (const resource of ['https://other.example/mcp', `${ORIGIN}/mcp/control`, 'x', `${ORIGIN}/`])
      await expect(desk.redeem(redirect, { resource })).rejects.toMatchObject({
        code: 'invalid_request',
        fields: [{ field: 'resource' }],
      });
  });

  it('is refused in another workspace, and so is its refresh token', async () => {
    const other = { ...desk.deps, workspace: 'other' };
    const redirect = await desk.allow();
    const asked = {
      code: redirect.searchParams.get('code') ?? '',
      clientId: desk.client.id,
      redirectUri: REDIRECT,
      verifier: VERIFIER,
      resource: undefined,
    };
    await expect(redeemCode(other, asked)).rejects.toMatchObject(refused);
    const { refreshToken: token } = await desk.redeem(redirect);
    const refreshed = refreshConnection(other, { token, clientId: desk.client.id, resource: undefined });
    await expect(refreshed).rejects.toMatchObject({ code: 'not_found' });
  });

  it('is refused a minute after the consent', async () => {
    const redirect = await desk.allow();
    desk.office.advance(60_000);
    await expect(desk.redeem(redirect)).rejects.toMatchObject(refused);
  });

  it('a second time is refused and ends what the first time gave', async () => {
    const redirect = await desk.allow();
    const first = await desk.redeem(redirect);
    await expect(desk.redeem(redirect)).rejects.toMatchObject(refused);
    expect(await desk.sessions.authenticate(first.accessToken)).toBeUndefined();
    await expect(desk.refresh(first.refreshToken)).rejects.toMatchObject(refused);
    expect((await desk.office.entries('session.revoked')).at(-1)).toMatchObject({
      ref: { session: first.session },
      body: { reason: 'its code was used twice' },
    });
  });

  it('a second time with the wrong verifier ends it too: the code is in other hands', async () => {
    const redirect = await desk.allow();
    const first = await desk.redeem(redirect);
    const stolen = desk.redeem(redirect, { verifier: 'w'.repeat(43), clientId: 'ocl_thief' });
    await expect(stolen).rejects.toMatchObject(refused);
    expect(await desk.sessions.authenticate(first.accessToken)).toBeUndefined();
  });

  it('twice at the same time gives nobody a session that lasts', async () => {
    const redirect = await desk.allow();
    const both = await Promise.allSettled([desk.redeem(redirect), desk.redeem(redirect)]);
    const given = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value.accessToken] : []));
    expect(given).toHaveLength(1);
    expect(await desk.sessions.authenticate(given[0] ?? '')).toBeUndefined();
  });

  it('is refused once the person who consented is removed', async () => {
    const grace = await desk.office.invite(desk.ada, 'Grace');
    const by = { personId: grace.person.id, browser: 'hers' };
    const checked = await checkRequest(desk.deps, { query: desk.query(), by });
    const consent = checked.kind === 'ask' ? checked.consent : '';
    const redirect = new URL(await allowRequest(desk.deps, { consent, by, terms: TERMS }));
    await desk.office.remove(desk.ada, grace);
    await expect(desk.redeem(redirect)).rejects.toMatchObject(refused);
  });
});

describe('what is stored', () => {
  it('holds neither code nor token, only their digests', async () => {
    const redirect = await desk.allow();
    const { accessToken, refreshToken } = await desk.redeem(redirect);
    const tables = ['session', 'oauth_code', 'oauth_refresh', 'oauth_client', 'ledger'];
    for (const table of tables) {
      const rows = JSON.stringify(
        await desk.deps.database.query({ sql: `SELECT * FROM ${table}`, params: [] }),
      );
      for (const secret of [accessToken, refreshToken, redirect.searchParams.get('code') ?? ''])
        expect(rows).not.toContain(secret.slice(4));
    }
  });
});

describe('an access token', () => {
  it('ends after its time, while its session goes on', async () => {
    const { accessToken, session } = await desk.connect();
    desk.office.advance(LIMITS.oauthAccessTokenTtlMs - 1);
    expect(await desk.sessions.authenticate(accessToken)).toBeDefined();
    desk.office.advance(1);
    expect(await desk.sessions.authenticate(accessToken)).toBeUndefined();
    expect(await desk.sessions.get(session)).toMatchObject({ revokedAt: undefined });
  });

  it('that was never looked at before its end is refused after it too', async () => {
    const { accessToken } = await desk.connect();
    desk.office.advance(LIMITS.oauthAccessTokenTtlMs);
    expect(await desk.sessions.authenticate(accessToken)).toBeUndefined();
  });

  it('never outlives a session that ends sooner', async () => {
    const redirect = await desk.allow({ ttlMs: LIMITS.oauthConsentedMinMs });
    const { expiresInSeconds } = await desk.redeem(redirect);
    expect(expiresInSeconds).toBe(LIMITS.oauthConsentedMinMs / 1_000);
  });

  it('of a session that an operator minted is none of OAuth, and the other way round', async () => {
    const minted = await mintSession(desk.deps, {}, 'api_key:key_1');
    expect(await sessionOfToken(desk.deps, minted.token)).toBeUndefined();
    const { accessToken } = await desk.connect();
    const relabelled = accessToken.replace('cso_', 'cst_');
    expect(await desk.sessions.authenticate(relabelled)).toBeUndefined();
  });
});
