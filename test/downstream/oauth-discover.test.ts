import { describe, expect, it } from 'vitest';
import type { ServerAuth } from '../../src/downstream/oauth/auth.ts';
import { discover } from '../../src/downstream/oauth/discover.ts';
import { personAuth } from '../support/oauth/remote.ts';

const URL_OF_SERVER = 'https://mcp.example/mcp';

/** A web of documents; everything else is 404, and the server's own address is 401 with this challenge. */
function web(documents: Readonly<Record<string, object>>, challenge = 'Bearer') {
  const asked: string[] = [];
  const fetch = async (url: string | URL): Promise<Response> => {
    asked.push(String(url));
    if (String(url) === URL_OF_SERVER)
      return new Response('', { status: 401, headers: { 'www-authenticate': challenge } });
    const found = documents[String(url)];
    return found === undefined ? new Response('', { status: 404 }) : Response.json(found);
  };
  return { asked, fetch };
}

function authority(issuer: string, more: object = {}) {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    ...more,
  };
}

const AS = 'https://as.example';
const PRM = 'https://mcp.example/.well-known/oauth-protected-resource/mcp';
const METADATA = `${AS}/.well-known/oauth-authorization-server`;
const resource = (more: object = {}) => ({ resource: URL_OF_SERVER, authorization_servers: [AS], ...more });
const run = (fetch: ReturnType<typeof web>['fetch'], auth: Partial<ServerAuth> = {}) =>
  discover({ name: 'web', url: URL_OF_SERVER, auth: personAuth(auth) }, fetch);

describe('the authorization server of a remote server', () => {
  it('is found by its metadata at the well-known place', async () => {
    const { fetch } = web({ [PRM]: resource(), [METADATA]: authority(AS) });
    expect(await run(fetch)).toMatchObject({ issuer: AS, resource: URL_OF_SERVER, scope: undefined });
  });

  it('is found where the challenge says, with the scope that it asks for', async () => {
    const place = 'https://mcp.example/elsewhere';
    const { fetch } = web(
      { [place]: resource({ scopes_supported: ['a', 'b'] }), [METADATA]: authority(AS) },
      `Bearer resource_metadata="${place}", scope="a"`,
    );
    expect(await run(fetch)).toMatchObject({ issuer: AS, scope: 'a' });
  });

  it('is the server itself where there is no metadata of it (2025-03-26)', async () => {
    const own = 'https://mcp.example';
    const { fetch } = web({ [`${own}/.well-known/oauth-authorization-server`]: authority(own) });
    expect(await run(fetch)).toMatchObject({ issuer: own, resource: URL_OF_SERVER });
  });

  it('is asked for a refresh token in the way that it says it wants', async () => {
    const { fetch } = web({
      [PRM]: resource({ scopes_supported: ['a'] }),
      [METADATA]: authority(AS, { scopes_supported: ['a', 'offline_access'] }),
    });
    expect(await run(fetch)).toMatchObject({ scope: 'a offline_access' });
  });

  it.each([
    'https://192.168.1.1',
    'https://10.0.0.8/as',
    'https://127.0.0.1:8443',
    'https://2130706433',
    'https://169.254.169.254',
    'https://172.20.0.1',
    'https://[::1]:8443',
    'https://[fd00::1]',
    'https://localhost:8443',
    'https://as.internal',
    'https://as.internal.',
    'https://localhost.:8443',
    'https://100.64.0.1',
    'https://198.18.0.1',
    'https://192.0.0.192',
    'https://255.255.255.255',
    'http://as.example',
  ])('may not be %s for a server elsewhere, and is not even asked', async (issuer) => {
    const { asked, fetch } = web({ [PRM]: resource({ authorization_servers: [issuer] }) });
    await expect(run(fetch)).rejects.toMatchObject({ code: 'downstream_unavailable' });
    expect(asked).toEqual([URL_OF_SERVER, PRM]);
  });

  it('may not have its metadata in this network either', async () => {
    const { asked, fetch } = web({}, 'Bearer resource_metadata="https://192.168.1.1/metadata"');
    await expect(run(fetch)).rejects.toMatchObject({ message: expect.stringContaining('of this network') });
    expect(asked).toEqual([URL_OF_SERVER]);
  });

  it('may be in this network where the operator has named it', async () => {
    const issuer = 'https://192.168.1.1';
    const { fetch } = web({
      [PRM]: resource({ authorization_servers: [issuer] }),
      [`${issuer}/.well-known/oauth-authorization-server`]: authority(issuer),
    });
    expect(await run(fetch, { issuer })).toMatchObject({ issuer });
  });

  it.each(['token_endpoint', 'authorization_endpoint', 'registration_endpoint'])(
    'may not have its %s in this network',
    async (endpoint) => {
      const { fetch } = web({
        [PRM]: resource(),
        [METADATA]: authority(AS, { [endpoint]: 'https://192.168.1.1/x' }),
      });
      await expect(run(fetch)).rejects.toMatchObject({ message: expect.stringContaining('of this network') });
    },
  );
});
