import { createHmac } from 'node:crypto';
import { exportSPKI, importJWK } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { capabilityKeys } from '../../src/capabilities/verify/key-source.ts';
import { type CapabilityRefusalCode, isCapabilityRefusal } from '../../src/capabilities/verify/refusal.ts';
import {
  type VerifyCapabilityOptions,
  verifyCapability,
} from '../../src/capabilities/verify/verify-capability.ts';
import { canonicalize } from '../../src/core/canonical.ts';
import { sha256Hex } from '../../src/core/digest.ts';
import { type Machine, newMachine, proofOf } from './support/machine.ts';
import {
  ARGUMENTS,
  AUDIENCE,
  CALL,
  CLAIMS,
  handmade,
  IAT,
  type Issuer,
  NOW,
  newIssuer,
  optionsFor,
  type TokenChange,
  tokenOf,
} from './support/tokens.ts';

let issuer: Issuer;
let key: Machine;

beforeAll(async () => {
  issuer = await newIssuer();
  key = await newMachine();
});

async function codeOf(token: string, options: Partial<VerifyCapabilityOptions> = {}): Promise<string> {
  try {
    await verifyCapability(token, { ...optionsFor(issuer), ...options });
    return 'accepted';
  } catch (error) {
    if (isCapabilityRefusal(error)) return error.code;
    throw error;
  }
}

describe('a capability token', () => {
  it('for this very call is accepted, and says who approved it', async () => {
    expect(await verifyCapability(await tokenOf(issuer), optionsFor(issuer))).toEqual({
      approval: 'apr_1',
      jti: 'tok_1',
      subject: 'ann',
      holder: 'gateway',
      approvers: ['person:per_1'],
      basis: 'decision',
      callSha256: sha256Hex(canonicalize({ ...CALL })),
      expiresAt: NOW + 120_000,
      jkt: undefined,
      ledger: { origin: 'gate.example/default', index: 7 },
    });
  });

  it('covers the server by its digest also for a verifier who does not say how the gateway names it', async () => {
    const call = { tool: 'pay', arguments: { to: 'c_1', amount_cents: 4200 } };
    expect(await codeOf(await tokenOf(issuer), { call })).toBe('accepted');
  });

  const CHANGED: readonly (readonly [what: string, change: TokenChange, code: CapabilityRefusalCode])[] = [
    ['of another issuer', { claims: { iss: 'https://other.example' } }, 'issuer'],
    ['for another audience', { claims: { aud: 'https://other.example/mcp' } }, 'audience'],
    ['for this audience and another', { claims: { aud: [AUDIENCE, 'x'] } }, 'audience'],
    ['of another type', { header: { typ: 'JWT' } }, 'header'],
    ['without a type', { header: { typ: undefined } }, 'header'],
    ['that has run out', { claims: { iat: IAT - 130, nbf: IAT - 130, exp: IAT - 10 } }, 'expired'],
    ['that begins later', { claims: { nbf: IAT + 30 } }, 'not_yet_valid'],
    ['that lasts longer than 120 seconds', { claims: { exp: IAT + 121 } }, 'lifetime'],
    ['that never ends', { claims: { exp: undefined } }, 'malformed'],
    ['without an id', { claims: { jti: undefined } }, 'malformed'],
    ['without an approval', { claims: { txn: undefined } }, 'malformed'],
    ['for no call', { claims: { authorization_details: [] } }, 'malformed'],
    ['for two calls', { claims: { authorization_details: [{}, {}] } }, 'malformed'],
    ['that says nothing about who decided', { claims: { basis: undefined } }, 'malformed'],
    ['that nobody decided', { claims: { basis: 'policy', approvers: [] } }, 'decision'],
    ['decided by nobody in particular', { claims: { approvers: [] } }, 'decision'],
    ['with a critical extension', { header: { crit: ['b64'], b64: true } }, 'header'],
    ['that brings the address of its key', { header: { jku: 'https://evil.example/jwks' } }, 'header'],
    ['with the address of a certificate', { header: { x5u: 'https://evil.example/cert' } }, 'header'],
    ['with a kid that is a path', { header: { kid: '../../../dev/null' } }, 'key_unknown'],
    ['with a kid that is a query', { header: { kid: "' OR 1=1 --" } }, 'key_unknown'],
    ['without a kid', { header: { kid: undefined } }, 'header'],
  ];

  it.each(CHANGED)('%s is refused', async (_, change, code) => {
    expect(await codeOf(await tokenOf(issuer, change))).toBe(code);
  });

  const OTHER_CALLS: readonly (readonly [string, VerifyCapabilityOptions['call']])[] = [
    ['other arguments', { ...CALL, arguments: { ...ARGUMENTS, amount_cents: 4201 } }],
    ['an argument more', { ...CALL, arguments: { ...ARGUMENTS, note: 'x' } }],
    ['a number as text', { ...CALL, arguments: { ...ARGUMENTS, amount_cents: '4200' } }],
    ['another tool', { ...CALL, tool: 'refund' }],
    ['a tool of another case', { ...CALL, tool: 'Pay' }],
    ['another server', { ...CALL, server: 'other' }],
    ['an action of that name', { action: 'pay', resource: AUDIENCE, actor: 'ann' }],
    ['another digest', { digest: 'a'.repeat(64) }],
    ['an empty digest', { digest: '' }],
  ];

  it.each(OTHER_CALLS)('is refused for %s', async (_, call) => {
    expect(await codeOf(await tokenOf(issuer), { call })).toBe('call');
  });

  it('is good for one use where uses are remembered', async () => {
    const token = await tokenOf(issuer);
    const used = new Set<string>();
    const seen = async (jti: string) => used.has(jti) || !used.add(jti);
    expect(await codeOf(token, { seen })).toBe('accepted');
    expect(await codeOf(token, { seen })).toBe('used');
  });

  it('is not used up by a check that fails', async () => {
    const asked: string[] = [];
    const seen = async (jti: string) => asked.push(jti) > 1;
    const token = await tokenOf(issuer);
    await codeOf(token, { seen, call: { ...CALL, tool: 'refund' } });
    expect(await codeOf(token, { seen })).toBe('accepted');
  });

  it('that nobody decided is accepted by a verifier who says so', async () => {
    const token = await tokenOf(issuer, { claims: { basis: 'policy', approvers: [] } });
    expect(await codeOf(token, { requireDecision: false })).toBe('accepted');
  });

  it('for an action is accepted with all that it was requested with, and with nothing else', async () => {
    const action = {
      action: 'deployment.execute',
      actor: 'service-account:bot',
      arguments: {},
      metadata: { environment: 'production' },
      resource: 'service:billing',
      risk: 'high',
    };
    const token = await tokenOf(issuer, {
      claims: {
        aud: action.resource,
        authorization_details: [
          {
            type: 'countersign_action',
            locations: [action.resource],
            action: action.action,
            actor: action.actor,
            call_sha256: sha256Hex(canonicalize(action)),
          },
        ],
      },
    });
    const audience = action.resource;
    expect(await codeOf(token, { audience, call: action })).toBe('accepted');
    expect(await codeOf(token, { audience, call: { ...action, metadata: { environment: 'staging' } } })).toBe(
      'call',
    );
    expect(await codeOf(token, { audience, call: { ...action, actor: 'service-account:other' } })).toBe(
      'call',
    );
  });
});

describe('a token that another hand made', () => {
  const HEADER = { alg: 'ES256', typ: 'at+jwt' };

  it('without a signature is refused', async () => {
    for (const alg of ['none', 'None', 'NONE', ''])
      expect(await codeOf(handmade({ ...HEADER, alg, kid: issuer.kid }, CLAIMS, ''))).toBe('header');
    expect(await codeOf(handmade({ ...HEADER, kid: issuer.kid }, CLAIMS, ''))).toBe('signature');
  });

  it('by HMAC with the public key as the secret is refused', async () => {
    const jwk = issuer.jwks.keys[0] ?? { kty: 'EC' };
    const spki = await exportSPKI((await importJWK(jwk, 'ES256')) as Parameters<typeof exportSPKI>[0]);
    for (const secret of [spki, JSON.stringify(jwk)]) {
      const header = { ...HEADER, alg: 'HS256', kid: issuer.kid };
      const unsigned = handmade(header, CLAIMS, '').slice(0, -1);
      const signature = createHmac('sha256', secret).update(unsigned).digest('base64url');
      expect(await codeOf(`${unsigned}.${signature}`)).toBe('header');
    }
  });

  it('with a key of its own, in the header too, is refused', async () => {
    const forger = await newIssuer();
    expect(await codeOf(await tokenOf(forger))).toBe('key_unknown');
    expect(await codeOf(await tokenOf(forger, { header: { kid: issuer.kid } }))).toBe('signature');
    const jwk = forger.jwks.keys[0];
    expect(await codeOf(await tokenOf(forger, { header: { kid: issuer.kid, jwk } }))).toBe('header');
  });

  it('out of a good one, by changing a claim, is refused', async () => {
    const [header, , signature] = (await tokenOf(issuer)).split('.');
    const claims = Buffer.from(JSON.stringify({ ...CLAIMS, sub: 'eve' })).toString('base64url');
    expect(await codeOf(`${header}.${claims}.${signature}`)).toBe('signature');
  });

  it.each(['', 'x', 'a.b', 'a.b.c', 'a.b.c.d.e', '....', '{}', '\u0000.\u0000.\u0000'])(
    'that is no token (%j) is refused',
    async (token) => {
      expect(['malformed', 'header']).toContain(await codeOf(token));
    },
  );
});

describe('a token that is bound to a key', () => {
  const request = { method: 'POST', url: AUDIENCE, nowMs: NOW };
  const bound = () => tokenOf(issuer, { claims: { cnf: { jkt: key.jkt }, token_type: 'DPoP' } });

  it('is accepted with a proof by that key', async () => {
    const token = await bound();
    const proof = await proofOf(key, { ...request, accessToken: token });
    expect(await codeOf(token, { dpop: { proof, method: 'POST', url: AUDIENCE } })).toBe('accepted');
  });

  it('is refused as a bearer token', async () => {
    expect(await codeOf(await bound())).toBe('proof');
  });

  it('is refused with a proof by another key, for another token, or without one', async () => {
    const token = await bound();
    const foreign = await proofOf(await newMachine(), { ...request, accessToken: token });
    const other = await proofOf(key, { ...request, accessToken: await bound() });
    const bare = await proofOf(key, request);
    for (const proof of [foreign, other, bare])
      expect(await codeOf(token, { dpop: { proof, method: 'POST', url: AUDIENCE } })).toBe('proof');
  });

  it('is demanded where a proof comes with a token that names no key', async () => {
    const token = await tokenOf(issuer);
    const proof = await proofOf(key, { ...request, accessToken: token });
    expect(await codeOf(token, { dpop: { proof, method: 'POST', url: AUDIENCE } })).toBe('proof');
  });
});

describe('the keys of a gateway', () => {
  it('are fetched by https, or from this machine, and from nowhere else', () => {
    for (const bad of ['http://gate.example', 'ftp://gate.example', 'gate.example', 'file:///etc'])
      expect(() => capabilityKeys(bad)).toThrow(/must come by https/);
    for (const good of ['https://gate.example', 'http://localhost:8420', 'http://127.0.0.1:8420'])
      expect(typeof capabilityKeys(good)).toBe('function');
  });

  it('that cannot be fetched refuse every token', async () => {
    const jwks = capabilityKeys('http://127.0.0.1:1');
    expect(await codeOf(await tokenOf(issuer), { jwks })).toBe('keys_unavailable');
  });
});
