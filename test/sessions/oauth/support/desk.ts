import { createHash, createSecretKey, randomBytes } from 'node:crypto';
import type { JsonValue } from '../../../../src/core/json.ts';
import { createSessionDirectory, type SessionDirectory } from '../../../../src/sessions/directory.ts';
import { allowRequest, type ConsentTerms } from '../../../../src/sessions/oauth/answer-request.ts';
import { type CheckedRequest, checkRequest } from '../../../../src/sessions/oauth/check-request.ts';
import type { OauthClient } from '../../../../src/sessions/oauth/client.ts';
import type { OauthDeps } from '../../../../src/sessions/oauth/deps.ts';
import { createFindClient } from '../../../../src/sessions/oauth/find-client.ts';
import type { ConnectedTokens } from '../../../../src/sessions/oauth/grant.ts';
import { redeemCode } from '../../../../src/sessions/oauth/redeem-code.ts';
import { refreshConnection } from '../../../../src/sessions/oauth/refresh-token.ts';
import { registerClient } from '../../../../src/sessions/oauth/register-client.ts';
import type { Consenter } from '../../../../src/sessions/oauth/sealed-consent.ts';
import { type Enrolled, ORIGIN, openOffice } from '../../../principals/support/office.ts';

export const REDIRECT = 'https://app.example/callback?tenant=1';
export const VERIFIER = 'v'.repeat(43);
export const challengeOf = (verifier: string): string =>
  createHash('sha256').update(verifier).digest('base64url');

export const TERMS: ConsentTerms = {
  subject: 'ada',
  tools: ['shop/*'],
  ttlMs: 3_600_000,
  labels: { team: 'growth' },
};

export type Office = Awaited<ReturnType<typeof openOffice>>;

/** Everything behind the endpoints of OAuth on a real database and ledger, and a clock that the test moves. */
export interface OauthDesk {
  readonly office: Office;
  readonly deps: OauthDeps;
  readonly sessions: SessionDirectory;
  readonly ada: Enrolled;
  /** Ada in her browser. */
  readonly by: Consenter;
  /** A client that registered itself with `REDIRECT`. */
  readonly client: OauthClient;
  /** The documents that can be fetched, and which were. */
  readonly documents: Map<string, JsonValue>;
  readonly fetched: string[];
  /** A good request of the client, with these parameters changed or, when undefined, left out. */
  query(change?: Readonly<Record<string, string | undefined>>): string;
  check(change?: Readonly<Record<string, string | undefined>>): Promise<CheckedRequest>;
  /** Consents to a good request and gives the redirect. */
  allow(change?: Partial<ConsentTerms>): Promise<URL>;
  /** Redeems the code of a redirect as the client does. */
  redeem(redirect: URL, change?: Partial<Parameters<typeof redeemCode>[1]>): Promise<ConnectedTokens>;
  connect(change?: Partial<ConsentTerms>): Promise<ConnectedTokens>;
  refresh(token: string, clientId?: string): Promise<ConnectedTokens>;
  close(): Promise<void>;
}

export async function openDesk(): Promise<OauthDesk> {
  const office = await openOffice();
  const { database, ledger, now, newId, random, workspace } = office.deps;
  const sessions = createSessionDirectory({ workspace: 'default', database, ledger, now });
  const documents = new Map<string, JsonValue>();
  const fetched: string[] = [];
  const findClient = createFindClient({
    database,
    workspace,
    now,
    fetchDocument: async (url) => {
      fetched.push(url);
      const document = documents.get(url);
      if (document === undefined) throw new Error(`nothing at ${url}`);
      return document;
    },
  });
  const deps: OauthDeps = {
    database,
    ledger,
    now,
    newId,
    random,
    workspace,
    defaultTtlMs: 3_600_000,
    sessions,
    origin: ORIGIN,
    consentKey: createSecretKey(randomBytes(32)),
    findClient,
  };
  const ada = await office.bootstrap();
  const by: Consenter = { personId: ada.person.id, browser: 'ada-browser' };
  const { client } = await registerClient(deps, { redirect_uris: [REDIRECT], client_name: 'Robot' });
  const query: OauthDesk['query'] = (change = {}) => {
    const parameters: Record<string, string | undefined> = {
      response_type: 'code',
      client_id: client.id,
      redirect_uri: REDIRECT,
      code_challenge: challengeOf(VERIFIER),
      code_challenge_method: 'S256',
      state: 'opaque state',
      resource: `${ORIGIN}/mcp`,
      scope: 'mcp',
      ...change,
    };
    const kept = Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== undefined);
    return new URLSearchParams(kept).toString();
  };
  const desk: OauthDesk = {
    office,
    deps,
    sessions,
    ada,
    by,
    client,
    documents,
    fetched,
    query,
    check: (change) => checkRequest(deps, { query: query(change), by }),
    async allow(change = {}) {
      const checked = await desk.check();
      if (checked.kind !== 'ask') throw new Error(`refused: ${checked.why}`);
      const { consent } = checked;
      return new URL(await allowRequest(deps, { consent, by, terms: { ...TERMS, ...change } }));
    },
    redeem: (redirect, change = {}) =>
      redeemCode(deps, {
        code: redirect.searchParams.get('code') ?? '',
        clientId: client.id,
        redirectUri: REDIRECT,
        verifier: VERIFIER,
        resource: `${ORIGIN}/mcp`,
        ...change,
      }),
    connect: async (change) => desk.redeem(await desk.allow(change)),
    refresh: (token, clientId = client.id) =>
      refreshConnection(deps, { token, clientId, resource: undefined }),
    close: () => office.close(),
  };
  return desk;
}
