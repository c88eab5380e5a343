import { createHash } from 'node:crypto';
import type { Approver } from './approver.ts';

export const AGENT_REDIRECT = 'http://127.0.0.1:7777/callback';
const VERIFIER = 'a'.repeat(64);

export interface OauthAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

export interface ConsentedTerms {
  readonly tools?: readonly string[];
  readonly ttl_ms?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** An application that speaks OAuth by hand, so that it can also speak it wrongly. */
export interface OauthAgent {
  /** Posts a form. */
  post(
    path: string,
    form: Readonly<Record<string, string>>,
    headers?: Record<string, string>,
  ): Promise<OauthAnswer>;
  register(metadata?: object): Promise<OauthAnswer>;
  /** The query of a good authorization request, with these parameters changed or, when undefined, left out. */
  query(clientId: string, change?: Readonly<Record<string, string | undefined>>): string;
  /** Has the person consent, and gives the redirect. Fails when it is not asked. */
  consent(person: Pick<Approver, 'fetch'>, query: string, terms?: ConsentedTerms): Promise<URL>;
  redeem(clientId: string, redirect: URL, change?: Readonly<Record<string, string>>): Promise<OauthAnswer>;
  refresh(clientId: string, token: string): Promise<OauthAnswer>;
  /** Registers, has the person consent, redeems: the tokens. */
  connect(person: Pick<Approver, 'fetch'>, terms?: ConsentedTerms): Promise<any>;
  /** Initializes at the MCP endpoint with a token, or without. */
  initialize(token: string | undefined, path?: string): Promise<OauthAnswer & { readonly text: string }>;
}

async function answered(response: Response): Promise<OauthAnswer & { text: string }> {
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson && text !== '' ? JSON.parse(text) : undefined,
  };
}

const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'raw', version: '1' },
  },
});

export function oauthAgent(origin: string): OauthAgent {
  const agent: OauthAgent = {
    async post(path, form, headers = {}) {
      const body = new URLSearchParams(form);
      return answered(await fetch(`${origin}${path}`, { method: 'POST', headers, body }));
    },
    async register(metadata = {}) {
      const response = await fetch(`${origin}/oauth/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ redirect_uris: [AGENT_REDIRECT], client_name: 'Raw agent', ...metadata }),
      });
      return answered(response);
    },
    query(clientId, change = {}) {
      const parameters: Record<string, string | undefined> = {
        response_type: 'code',
        client_id: clientId,
        redirect_uri: AGENT_REDIRECT,
        code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
        code_challenge_method: 'S256',
        state: 's t a t e',
        resource: `${origin}/mcp`,
        ...change,
      };
      const kept = Object.entries(parameters).filter(
        (pair): pair is [string, string] => pair[1] !== undefined,
      );
      return new URLSearchParams(kept).toString();
    },
    async consent(person, query, terms = {}) {
      const asked = await person.fetch('POST', '/v1/oauth/requests', { query });
      if (asked.body.kind !== 'ask') throw new Error(`not asked: ${JSON.stringify(asked.body)}`);
      const answer = { consent: asked.body.consent, decision: 'allow', tools: ['oracle/*'], ...terms };
      const allowed = await person.fetch('POST', '/v1/oauth/consents', answer);
      if (allowed.status !== 200) throw new Error(`not allowed: ${JSON.stringify(allowed.body)}`);
      return new URL(allowed.body.redirect_to);
    },
    redeem: (clientId, redirect, change = {}) =>
      agent.post('/oauth/token', {
        grant_type: 'authorization_code',
        code: redirect.searchParams.get('code') ?? '',
        client_id: clientId,
        redirect_uri: AGENT_REDIRECT,
        code_verifier: VERIFIER,
        resource: `${origin}/mcp`,
        ...change,
      }),
    refresh: (clientId, token) =>
      agent.post('/oauth/token', { grant_type: 'refresh_token', refresh_token: token, client_id: clientId }),
    async connect(person, terms = {}) {
      const clientId: string = (await agent.register()).body.client_id;
      const redirect = await agent.consent(person, agent.query(clientId), terms);
      return { ...(await agent.redeem(clientId, redirect)).body, client_id: clientId };
    },
    async initialize(token, path = '/mcp') {
      const response = await fetch(`${origin}${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: INITIALIZE,
      });
      return answered(response);
    },
  };
  return agent;
}
