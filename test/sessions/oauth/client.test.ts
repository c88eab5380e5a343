import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/core/limits.ts';
import { isDocumentId, readClient, readDocument } from '../../../src/sessions/oauth/client.ts';
import type { OauthDeps } from '../../../src/sessions/oauth/deps.ts';
import { registerClient } from '../../../src/sessions/oauth/register-client.ts';
import { type OauthDesk, openDesk, REDIRECT } from './support/desk.ts';

let desk: OauthDesk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

const ID = 'https://app.example/oauth/client.json';
const DOCUMENT = { client_id: ID, client_name: 'App', redirect_uris: [REDIRECT] };

describe('the metadata of a client', () => {
  it('is taken for its redirects, its name and its page', () => {
    const metadata = { ...DOCUMENT, client_uri: 'https://app.example', logo_uri: 'https://x', scope: 'all' };
    expect(readClient(metadata)).toEqual({
      ok: true,
      client: { name: 'App', uri: 'https://app.example', redirectUris: [REDIRECT] },
    });
  });

  it.each([
    ['a list', []],
    ['nothing', null],
    ['no redirects', {}],
    ['an empty list of redirects', { redirect_uris: [] }],
    ['too many redirects', { redirect_uris: Array.from({ length: 21 }, (_, n) => `https://a.example/${n}`) }],
    ['a redirect that is a number', { redirect_uris: [1] }],
    ['a script as a redirect', { redirect_uris: [REDIRECT, 'javascript:alert(1)'] }],
    ['only other grants', { redirect_uris: [REDIRECT], grant_types: ['client_credentials'] }],
    ['only other responses', { redirect_uris: [REDIRECT], response_types: ['token'] }],
  ])('is refused when it is %s', (_, metadata) => {
    expect(readClient(metadata as never)).toMatchObject({ ok: false });
  });

  it.each([
    ['with control characters', 'a\u0007b'],
    ['that is endless', 'x'.repeat(101)],
    ['that is blank', '  '],
    ['that is a number', 7],
  ])('loses a name %s', (_, name) => {
    const found = readClient({ redirect_uris: [REDIRECT], client_name: name });
    expect(found).toMatchObject({ ok: true, client: { name: undefined } });
  });

  it('loses a page that is not https', () => {
    for (const uri of ['javascript:alert(1)', 'http://app.example', 'x', 7])
      expect(readClient({ redirect_uris: [REDIRECT], client_uri: uri })).toMatchObject({
        client: { uri: undefined },
      });
  });
});

describe('an id that is the address of a document', () => {
  it.each([ID, 'https://app.example:8443/c', 'https://app.example/c?v=1'])('may be %s', (id) => {
    expect(isDocumentId(id)).toBe(true);
  });

  it.each([
    'http://app.example/c',
    'https://app.example',
    'https://app.example/',
    'https://app.example/c#x',
    'https://user@app.example/c',
    'https://app.example/a/../c',
    'https://app.example/./c',
    'https://APP.example/c',
    'https://app.example:443/c',
    ' https://app.example/c',
    'ftp://app.example/c',
    `https://app.example/${'x'.repeat(500)}`,
  ])('may not be %j', (id) => {
    expect(isDocumentId(id)).toBe(false);
  });
});

describe('a metadata document', () => {
  it('must say that it is that of its own address', () => {
    expect(readDocument(ID, DOCUMENT)).toMatchObject({ ok: true });
    for (const client_id of [undefined, 'https://other.example/c', `${ID}/`, 7])
      expect(readDocument(ID, { ...DOCUMENT, client_id } as never)).toMatchObject({
        ok: false,
        field: 'client_id',
      });
  });

  it('may not rely on a secret, or on authentication that is not done here', () => {
    expect(readDocument(ID, { ...DOCUMENT, token_endpoint_auth_method: 'none' })).toMatchObject({ ok: true });
    expect(readDocument(ID, { ...DOCUMENT, token_endpoint_auth_method: 'private_key_jwt' })).toMatchObject({
      field: 'token_endpoint_auth_method',
    });
    expect(readDocument(ID, { ...DOCUMENT, client_secret: 'x' })).toMatchObject({ field: 'client_secret' });
  });

  it('is fetched once for a few minutes, and again after', async () => {
    desk.documents.set(ID, DOCUMENT);
    desk.fetched.length = 0;
    await Promise.all([desk.deps.findClient(ID), desk.deps.findClient(ID)]);
    expect(await desk.deps.findClient(ID)).toMatchObject({ id: ID, kind: 'document', name: 'App' });
    expect(desk.fetched).toEqual([ID]);
    desk.office.advance(LIMITS.clientDocumentKeptMs);
    desk.documents.set(ID, { ...DOCUMENT, client_name: 'Renamed' });
    expect(await desk.deps.findClient(ID)).toMatchObject({ name: 'Renamed' });
    expect(desk.fetched).toEqual([ID, ID]);
  });

  it('that cannot be had is asked for again at once', async () => {
    const id = 'https://app.example/later.json';
    await expect(desk.deps.findClient(id)).rejects.toThrow('nothing at');
    desk.documents.set(id, { ...DOCUMENT, client_id: id });
    expect(await desk.deps.findClient(id)).toMatchObject({ id });
  });

  it('is refused with what is wrong in it', async () => {
    desk.documents.set('https://evil.example/c', DOCUMENT);
    await expect(desk.deps.findClient('https://evil.example/c')).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('client_id: expected a document whose client_id is the address'),
    });
  });

  it('of a client is kept among a bounded number, and few are fetched at once', async () => {
    const many = Array.from({ length: 12 }, (_, n) => `https://app.example/many/${n}`);
    for (const id of many) desk.documents.set(id, { ...DOCUMENT, client_id: id });
    const found = await Promise.allSettled(many.map((id) => desk.deps.findClient(id)));
    expect(found.filter(({ status }) => status === 'fulfilled')).toHaveLength(8);
    for (let n = 0; n <= LIMITS.clientDocumentsKept; n += 1) {
      const id = `https://app.example/kept/${n}`;
      desk.documents.set(id, { ...DOCUMENT, client_id: id });
      await desk.deps.findClient(id);
    }
    desk.fetched.length = 0;
    await desk.deps.findClient('https://app.example/kept/200');
    await desk.deps.findClient('https://app.example/kept/0');
    expect(desk.fetched).toEqual(['https://app.example/kept/0']);
  });
});

describe('a client that registers itself', () => {
  it('is known from then on by an id that it was given', async () => {
    const { client } = await registerClient(desk.deps, { redirect_uris: [REDIRECT], client_name: 'New' });
    expect(await desk.deps.findClient(client.id)).toEqual(client);
    expect(client).toMatchObject({ id: expect.stringMatching(/^ocl_/), kind: 'registered', name: 'New' });
  });

  it('is refused when too many did within a minute, and not any more after it', async () => {
    desk.office.advance(60_000);
    const metadata = { redirect_uris: [REDIRECT] };
    for (let n = 0; n < LIMITS.oauthRegistrationsPerMinute; n += 1) await registerClient(desk.deps, metadata);
    await expect(registerClient(desk.deps, metadata)).rejects.toMatchObject({ code: 'rate_limited' });
    desk.office.advance(60_000);
    await expect(registerClient(desk.deps, metadata)).resolves.toBeDefined();
  });

  it('takes no turn of the ledger when it is refused, which calls of agents would wait behind', async () => {
    desk.office.advance(60_000);
    const turns = { taken: 0 };
    const ledger: OauthDeps['ledger'] = {
      ...desk.deps.ledger,
      commit(change) {
        turns.taken += 1;
        return desk.deps.ledger.commit(change);
      },
    };
    const most = LIMITS.oauthRegistrationsPerMinute;
    const ask = () => registerClient({ ...desk.deps, ledger }, { redirect_uris: [REDIRECT] });
    const atOnce = await Promise.allSettled(Array.from({ length: most + 5 }, ask));
    expect(atOnce.filter(({ status }) => status === 'fulfilled')).toHaveLength(most);
    const before = turns.taken;
    for (let n = 0; n < 5; n += 1) await expect(ask()).rejects.toMatchObject({ code: 'rate_limited' });
    expect(turns.taken).toBe(before);
    desk.office.advance(60_000);
  });

  it('is forgotten before those to which somebody consented, when there are too many', async () => {
    await desk.allow();
    const first = await registerClient(desk.deps, { redirect_uris: [REDIRECT] });
    for (let n = 0; n < LIMITS.oauthClients; n += 1) {
      desk.office.advance(3_000);
      await registerClient(desk.deps, { redirect_uris: [REDIRECT] });
    }
    expect(await desk.deps.findClient(first.client.id)).toBeUndefined();
    expect(await desk.deps.findClient(desk.client.id)).toBeDefined();
  });
});
