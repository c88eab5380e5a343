// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config files refer to variables in this form
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseSource } from '../../src/config/file.ts';
import { parseServers } from '../../src/downstream/server-config.ts';

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const PEM = ec.export({ format: 'pem', type: 'pkcs8' }) as string;
const SEC1 = ec.export({ format: 'pem', type: 'sec1' }) as string;
const JWK = JSON.stringify(ec.export({ format: 'jwk' }));
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  format: 'pem',
  type: 'pkcs1',
});
const ENV: Record<string, string> = {
  SECRET: 's3cret',
  PEM,
  SEC1,
  JWK,
  RSA: RSA as string,
  EMPTY: '',
  BAD: 'no key',
};

function parse(auth: unknown, server: object = { url: 'https://x.example/mcp' }) {
  const text = JSON.stringify({ mcpServers: { web: { ...server, auth } } }, null, 1);
  const [parsed] = parseServers(parseSource('mcp.json', text), ['mcpServers'], (name) => ENV[name]);
  return parsed?.kind === 'stdio' ? undefined : parsed?.auth;
}

const CLIENT = {
  type: 'client_credentials',
  client_id: 'gateway',
  client_secret: '${SECRET}',
  issuer: 'https://as.example',
};

describe('the auth of a remote server', () => {
  it('takes a secret from the environment, and an issuer that alone may see it', () => {
    expect(parse(CLIENT)).toEqual({
      type: 'client_credentials',
      clientId: 'gateway',
      clientMetadataUrl: undefined,
      proof: { kind: 'secret', secret: 's3cret' },
      scope: undefined,
      issuer: 'https://as.example',
    });
  });

  it.each([
    ['PEM', 'ES256'],
    ['SEC1', 'ES256'],
    ['JWK', 'ES256'],
    ['RSA', 'RS256'],
  ])('takes a private key as %s', (name, algorithm) => {
    const { client_secret: _, ...rest } = CLIENT;
    const auth = parse({ ...rest, private_key: `\${${name}}` });
    expect(auth?.proof).toMatchObject({
      kind: 'key',
      algorithm,
      pem: expect.stringContaining('BEGIN PRIVATE KEY'),
    });
  });

  it('needs nothing more than its type where a person logs in', () => {
    expect(parse({ type: 'authorization_code' })).toMatchObject({
      type: 'authorization_code',
      clientId: undefined,
      proof: { kind: 'none' },
    });
    expect(parse(undefined)).toBeUndefined();
  });

  it.each<[string, unknown, object | undefined, RegExp]>([
    ['a text', 'yes', undefined, /auth: expected an object/],
    ['an unknown type', { type: 'password' }, undefined, /auth\.type: expected "client_credentials"/],
    ['an unknown key', { ...CLIENT, clientid: 'x' }, undefined, /did you mean "client_id"/],
    [
      'no secret',
      { ...CLIENT, client_secret: undefined },
      undefined,
      /expected client_secret or private_key/,
    ],
    [
      'an empty secret',
      { ...CLIENT, client_secret: '${EMPTY}' },
      undefined,
      /client_secret: expected a text/,
    ],
    ['a variable that is not set', { ...CLIENT, client_secret: '${NONE}' }, undefined, /NONE is not set/],
    ['no issuer beside a secret', { ...CLIENT, issuer: undefined }, undefined, /expected issuer/],
    ['no client beside a secret', { ...CLIENT, client_id: undefined }, undefined, /expected client_id/],
    [
      'an issuer in the clear',
      { ...CLIENT, issuer: 'http://as.example' },
      undefined,
      /issuer: expected an https/,
    ],
    ['a secret and a key', { ...CLIENT, private_key: '${PEM}' }, undefined, /keep one of the two/],
    [
      'no key',
      { ...CLIENT, client_secret: undefined, private_key: '${BAD}' },
      undefined,
      /private_key: expected/,
    ],
    ['a scope with a quote', { ...CLIENT, scope: 'a"b' }, undefined, /scope: expected words/],
    [
      'a client and its document',
      { type: 'authorization_code', client_id: 'x', client_metadata_url: 'https://x.example/c' },
      undefined,
      /keep one of the two/,
    ],
    ['a server in the clear', CLIENT, { url: 'http://x.example/mcp' }, /expected an https:\/\/ server/],
    [
      'a header that is set already',
      CLIENT,
      { url: 'https://x.example/mcp', headers: { authorization: 'Bearer t' } },
      /Authorization is set too/,
    ],
    ['a local program', CLIENT, { command: 'x' }, /unknown key/],
  ])('with %s is refused with file and line, and without a secret', (_what, auth, server, expected) => {
    const refusal = (() => {
      try {
        parse(auth, server);
        return '';
      } catch (error) {
        return String(error);
      }
    })();
    expect(refusal).toMatch(/mcp\.json:\d+: mcpServers\.web/);
    expect(refusal).toMatch(expected);
    for (const secret of ['s3cret', 'no key', PEM.slice(30, 60)]) expect(refusal).not.toContain(secret);
  });
});
