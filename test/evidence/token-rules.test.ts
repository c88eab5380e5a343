import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { approve, ask, decide } from './support/approvals.ts';
import { fixedP256 } from './support/p256.ts';
import { pendingStage } from './support/stage.ts';
import { TOKEN_KEY, TOKEN_KID, takeUp, tokenFor } from './support/token.ts';
import { bothAccept, bothRefuse } from './support/verify.ts';

function begin(body: JsonObject = {}) {
  const { scribe, cast } = pendingStage();
  const asked = ask(scribe, { id: 'apr_go', body, disclose: true });
  decide(scribe, asked, cast.bob);
  approve(scribe, asked);
  return { scribe, asked };
}

const detail = (scribeDetail: JsonObject): JsonObject => ({ authorization_details: [scribeDetail] });

describe('a token that left the gateway is refused', () => {
  const claims: readonly (readonly [string, JsonObject, string])[] = [
    ['for another audience', { aud: 'service:other' }, 'for another audience'],
    ['of another approval', { txn: 'apr_1' }, 'of another approval'],
    ['under another id', { jti: 'tok_x' }, 'another jti'],
    ['for another subject', { sub: 'service-account:other' }, 'for another subject'],
    ['bound to a key that the log does not name', { cnf: { jkt: 'x' } }, 'bound to another key'],
    ['that lasts for hours', { exp: 9_999_999_999 }, 'lasts too long'],
    ['made at another time', { iat: 1_000_000_000, exp: 1_000_000_100 }, 'made at another time'],
    ['for two calls', { authorization_details: [{}, {}] }, 'exactly one call'],
    [
      'for another call',
      detail({ type: 'countersign_action', call_sha256: 'ab'.repeat(32) }),
      'for another call',
    ],
    [
      'of a tool instead of an action',
      detail({ type: 'mcp_tool_call', server: 'service:billing' }),
      'for another audience',
    ],
  ];
  it.each(claims)('%s', async (_what, changed, reason) => {
    const { scribe, asked } = begin();
    takeUp(scribe, asked, { token: tokenFor(scribe, asked, changed) });
    expect(await bothRefuse(scribe)).toMatch(new RegExp(`by rule 8: .*${reason}`));
  });

  const headers: readonly (readonly [string, JsonObject, string])[] = [
    ['with alg none', { alg: 'none' }, 'not an ES256 at.jwt'],
    ['with alg HS256', { alg: 'HS256' }, 'not an ES256 at.jwt'],
    ['of another type', { typ: 'JWT' }, 'not an ES256 at.jwt'],
    ['by another key', { kid: 'other' }, 'names another key'],
    ['with a key of its own', { jwk: { ...TOKEN_KEY.jwk } }, 'says more than alg, typ and kid'],
    ['with something critical', { crit: ['x'] }, 'says more than alg, typ and kid'],
  ];
  it.each(headers)('%s', async (_what, header, reason) => {
    const { scribe, asked } = begin();
    takeUp(scribe, asked, { token: tokenFor(scribe, asked, {}, header) });
    expect(await bothRefuse(scribe)).toMatch(new RegExp(`by rule 8: .*${reason}`));
  });

  it('with another signature', async () => {
    const { scribe, asked } = begin();
    const [head, body] = tokenFor(scribe, asked).split('.');
    const signature = fixedP256(Buffer.alloc(32, 5))
      .sign(Buffer.from(`${head}.${body}`))
      .toString('base64url');
    takeUp(scribe, asked, { token: `${head}.${body}.${signature}` });
    expect(await bothRefuse(scribe)).toContain("by rule 8: its token's signature is wrong");
  });

  it('when it ends at another time than its entry says', async () => {
    const { scribe, asked } = begin();
    takeUp(scribe, asked, { exchanged: { token_expires_at: scribe.now } });
    expect(await bothRefuse(scribe)).toContain('ends at another time');
  });
});

describe('an exchange is refused', () => {
  it('without a token where an action was taken up, or without the key that the rule asks for', async () => {
    const bare = begin();
    takeUp(bare.scribe, bare.asked, { exchanged: { kid: 1 } });
    expect(await bothRefuse(bare.scribe)).toContain('its kid is not a text');
    const dpop = pendingStage();
    const asked = ask(dpop.scribe, { id: 'apr_go', body: { capability: { ttl_s: 300, dpop: true } } });
    decide(dpop.scribe, asked, dpop.cast.bob);
    approve(dpop.scribe, asked, { issued: { dpop: true } });
    takeUp(dpop.scribe, asked);
    expect(await bothRefuse(dpop.scribe)).toContain('its token is not bound to a key');
  });

  it('with a key that was retired', async () => {
    const { scribe, asked } = begin();
    scribe.append('capability_key.retired', {}, { kid: TOKEN_KID });
    takeUp(scribe, asked);
    expect(await bothRefuse(scribe)).toContain('its token is signed with a key that is not in use');
  });
});

it('a key of capabilities stands under its own thumbprint, and is retired once', async () => {
  const other = pendingStage();
  other.scribe.append(
    'capability_key.created',
    {},
    { kid: 'mine', jwk: { ...fixedP256(Buffer.alloc(32, 2)).jwk } },
  );
  expect(await bothRefuse(other.scribe)).toContain('by rule 5: its kid is not the thumbprint of its key');
  const twice = pendingStage();
  twice.scribe.append('capability_key.retired', {}, { kid: TOKEN_KID });
  await bothAccept(twice.scribe);
  twice.scribe.append('capability_key.retired', {}, { kid: TOKEN_KID });
  expect(await bothRefuse(twice.scribe)).toContain('is in use');
});
