import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { importJWK, type JWK, jwtVerify } from 'jose';
import { onTestFinished } from 'vitest';

/** What the authorization server was asked for at its token endpoint. */
export interface TokenRequest {
  readonly form: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
}

/** An OAuth 2.1 authorization server over HTTP, as its RFCs describe it; tests change how it behaves. */
export interface AuthorizationServer {
  readonly issuer: string;
  readonly tokenRequests: TokenRequest[];
  readonly registrations: Record<string, unknown>[];
  /** Access tokens in force, with the resource that they are for. */
  readonly valid: Map<string, string | undefined>;
  readonly refreshTokens: Set<string>;
  /** Every token, code and secret that it has seen or made: none of them may be seen elsewhere. */
  readonly secrets: Set<string>;
  behaviour: {
    expiresIn: number | undefined;
    refreshTokens: boolean;
    /** Answers the token endpoint with this instead. */
    tokenFault: { status: number; body: object } | undefined;
    /** Held until it resolves. */
    tokenGate: Promise<void> | undefined;
    /** Replaces members of the metadata document. */
    metadata: Record<string, unknown>;
    /** What comes back as `iss`; the issuer unless it is set, absent when it is null. */
    iss: string | null | undefined;
    denies: boolean;
  };
  /** What a person's browser does: opens the address, agrees, and is sent back. Returns where to. */
  agree(authorizationUrl: string): Promise<string>;
  /** Refuses every access token that is in force. */
  expireAccess(): void;
}

interface Client {
  readonly secret?: string;
  readonly key?: JWK;
  readonly redirectUris?: readonly string[];
}

interface Code {
  readonly client: string;
  readonly challenge: string;
  readonly redirectUri: string;
  readonly resource: string | null;
}

function secret(prefix: string): string {
  return `${prefix}-CANARY-${randomBytes(12).toString('hex')}`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

/** `clients` are those that were registered by hand. */
export async function startAuthorizationServer(
  clients: Readonly<Record<string, Client>> = {},
): Promise<AuthorizationServer> {
  const known = new Map<string, Client>(Object.entries(clients));
  const codes = new Map<string, Code>();
  const seenAssertions = new Set<string>();
  const as: Omit<AuthorizationServer, 'issuer'> & { issuer: string } = {
    issuer: '',
    tokenRequests: [],
    registrations: [],
    valid: new Map(),
    refreshTokens: new Set(),
    secrets: new Set(Object.values(clients).flatMap((one) => (one.secret === undefined ? [] : [one.secret]))),
    behaviour: {
      expiresIn: 3_600,
      refreshTokens: true,
      tokenFault: undefined,
      tokenGate: undefined,
      metadata: {},
      iss: undefined,
      denies: false,
    },
    async agree(authorizationUrl) {
      const response = await fetch(authorizationUrl, { redirect: 'manual' });
      const location = response.headers.get('location');
      if (location === null) throw new Error(`not sent back: ${response.status} ${await response.text()}`);
      return location;
    },
    expireAccess: () => as.valid.clear(),
  };

  async function authenticated(
    form: URLSearchParams,
    header: string | undefined,
  ): Promise<string | undefined> {
    const basic = /^Basic (.+)$/.exec(header ?? '')?.[1];
    const [basicId, basicSecret] = Buffer.from(basic ?? '', 'base64')
      .toString()
      .split(':')
      .map(decodeURIComponent);
    const id = basic === undefined ? (form.get('client_id') ?? '') : (basicId ?? '');
    const client = known.get(id) ?? (id.startsWith('https://') ? {} : undefined);
    if (client === undefined) return undefined;
    if (client.key !== undefined) {
      const { payload } = await jwtVerify(form.get('client_assertion') ?? '', await importJWK(client.key), {
        issuer: id,
        subject: id,
        audience: as.issuer,
        maxTokenAge: '2 min',
        clockTolerance: 3_600 * 24 * 365 * 20,
      });
      if (payload.jti === undefined || seenAssertions.has(payload.jti)) return undefined;
      seenAssertions.add(payload.jti);
      return id;
    }
    const given = basic === undefined ? form.get('client_secret') : basicSecret;
    return client.secret === undefined || client.secret === given ? id : undefined;
  }

  function give(response: ServerResponse, resource: string | undefined, refreshes: boolean): void {
    const access = secret('access');
    as.valid.set(access, resource);
    as.secrets.add(access);
    const refresh = refreshes && as.behaviour.refreshTokens ? secret('refresh') : undefined;
    if (refresh !== undefined) {
      as.refreshTokens.add(refresh);
      as.secrets.add(refresh);
    }
    const { expiresIn } = as.behaviour;
    json(response, 200, {
      access_token: access,
      token_type: 'Bearer',
      ...(expiresIn === undefined ? {} : { expires_in: expiresIn }),
      ...(refresh === undefined ? {} : { refresh_token: refresh }),
    });
  }

  async function token(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await bodyOf(request));
    const { authorization } = request.headers;
    as.tokenRequests.push({ form: Object.fromEntries(form), authorization });
    for (const name of ['code', 'code_verifier', 'client_assertion'])
      if (form.has(name)) as.secrets.add(String(form.get(name)));
    await as.behaviour.tokenGate;
    const { tokenFault } = as.behaviour;
    if (tokenFault !== undefined) return json(response, tokenFault.status, tokenFault.body);
    const client = await authenticated(form, authorization).catch(() => undefined);
    if (client === undefined) return json(response, 401, { error: 'invalid_client' });
    const resource = form.get('resource') ?? undefined;
    const grant = form.get('grant_type');
    if (grant === 'client_credentials') return give(response, resource, false);
    if (grant === 'refresh_token') {
      // Rotation: each works once.
      if (!as.refreshTokens.delete(form.get('refresh_token') ?? ''))
        return json(response, 400, {
          error: 'invalid_grant',
          error_description: `unknown token ${form.get('refresh_token')}`,
        });
      return give(response, resource, true);
    }
    const code = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const holds =
      code?.client === client &&
      code.challenge === challenge &&
      code.redirectUri === form.get('redirect_uri') &&
      code.resource === form.get('resource');
    return holds ? give(response, resource, true) : json(response, 400, { error: 'invalid_grant' });
  }

  async function register(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const wanted = JSON.parse(await bodyOf(request)) as { redirect_uris: string[] };
    as.registrations.push(wanted as unknown as Record<string, unknown>);
    const id = `dyn_${as.registrations.length}`;
    known.set(id, { redirectUris: wanted.redirect_uris });
    json(response, 201, { ...wanted, client_id: id });
  }

  function authorize(url: URL, response: ServerResponse): void {
    const query = url.searchParams;
    const client = known.get(query.get('client_id') ?? '');
    const redirectUri = query.get('redirect_uri') ?? '';
    const isKnown = client !== undefined || query.get('client_id')?.startsWith('https://');
    if (!isKnown || client?.redirectUris?.includes(redirectUri) === false) {
      json(response, 400, { error: 'unknown client or redirect_uri' });
      return;
    }
    const back = new URL(redirectUri);
    back.searchParams.set('state', query.get('state') ?? '');
    const { iss, denies } = as.behaviour;
    if (iss !== null) back.searchParams.set('iss', iss ?? as.issuer);
    if (denies) back.searchParams.set('error', 'access_denied');
    else if (query.get('code_challenge_method') !== 'S256') back.searchParams.set('error', 'invalid_request');
    else {
      const code = secret('code');
      as.secrets.add(code);
      codes.set(code, {
        client: query.get('client_id') ?? '',
        challenge: query.get('code_challenge') ?? '',
        redirectUri,
        resource: query.get('resource'),
      });
      back.searchParams.set('code', code);
    }
    response.writeHead(302, { location: back.href }).end();
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', as.issuer);
    const done = (work: Promise<void>) =>
      void work.catch((error: unknown) => json(response, 500, { error: String(error) }));
    if (url.pathname === '/token') return done(token(request, response));
    if (url.pathname === '/register') return done(register(request, response));
    if (url.pathname === '/authorize') return authorize(url, response);
    if (url.pathname === '/.well-known/oauth-authorization-server') {
      return json(response, 200, {
        issuer: as.issuer,
        authorization_endpoint: `${as.issuer}/authorize`,
        token_endpoint: `${as.issuer}/token`,
        registration_endpoint: `${as.issuer}/register`,
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt', 'none'],
        authorization_response_iss_parameter_supported: true,
        client_id_metadata_document_supported: true,
        ...as.behaviour.metadata,
      });
    }
    return json(response, 404, {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  as.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return as;
}
