import type { Downstreams } from '../../../src/downstream/catalog.ts';
import type { ServerAuth } from '../../../src/downstream/oauth/auth.ts';
import type { Credential } from '../../../src/downstream/oauth/credential.ts';
import { createServerLogins, type ServerLogins } from '../../../src/downstream/oauth/log-in.ts';
import type { CredentialStore, Kept } from '../../../src/downstream/oauth/store.ts';
import type { LogLine } from '../downstreams/harness.ts';
import { memoryLog, startDownstreams } from '../downstreams/harness.ts';
import {
  type HttpFixture,
  httpServer,
  says,
  startHttpFixture,
  type Turn,
} from '../downstreams/http-fixture.ts';
import { type AuthorizationServer, startAuthorizationServer } from './authorization-server.ts';
import { type Guarded, startGuarded } from './guarded.ts';

/** A credential store in memory, with the duties of the port. */
export function memoryCredentials(): CredentialStore & { readonly rows: Map<string, Kept> } {
  const rows = new Map<string, Kept>();
  const set = (server: string, credential: Credential, rev: number) => {
    const kept = { credential, rev };
    rows.set(server, kept);
    return kept;
  };
  return {
    rows,
    read: async (server) => rows.get(server),
    put: async (server, credential) => set(server, credential, (rows.get(server)?.rev ?? 0) + 1),
    renew: async (server, credential, rev) =>
      rows.get(server)?.rev === rev ? set(server, credential, rev + 1) : undefined,
    async forget(server, { rev }) {
      return (rev === undefined || rows.get(server)?.rev === rev) && rows.delete(server);
    },
  };
}

export const SECRET = 'client-CANARY-secret';

/** Client credentials by a secret, at this authorization server. */
export function clientAuth(as: AuthorizationServer, more: Partial<ServerAuth> = {}): ServerAuth {
  return {
    type: 'client_credentials',
    clientId: 'gateway',
    clientMetadataUrl: undefined,
    proof: { kind: 'secret', secret: SECRET },
    scope: undefined,
    issuer: as.issuer,
    ...more,
  };
}

/** A login by a person, with a client that registers itself. */
export function personAuth(more: Partial<ServerAuth> = {}): ServerAuth {
  return {
    type: 'authorization_code',
    clientId: undefined,
    clientMetadataUrl: undefined,
    proof: { kind: 'none' },
    scope: undefined,
    issuer: undefined,
    ...more,
  };
}

export const REDIRECT = 'http://127.0.0.1:7777/callback';

/** An MCP server that wants a token, its authorization server, and a gateway's downstreams before it. */
export interface Remote {
  readonly as: AuthorizationServer;
  readonly guarded: Guarded;
  readonly fixture: HttpFixture;
  readonly store: ReturnType<typeof memoryCredentials>;
  readonly clock: { now: number };
  readonly lines: readonly LogLine[];
  readonly logins: ServerLogins;
  readonly downstreams: Downstreams;
  /** The whole login of a person, and the connection after it. */
  login(): Promise<void>;
  /** Other downstreams on the same store, as after a restart. */
  again(auth?: ServerAuth): Downstreams;
}

export async function startRemote(options: {
  auth: (as: AuthorizationServer) => ServerAuth;
  era?: 'legacy' | 'modern';
  calls?: Readonly<Record<string, (turn: Turn) => void>>;
  clients?: Parameters<typeof startAuthorizationServer>[0];
  prepare?: (parts: { as: AuthorizationServer; guarded: Guarded }) => void;
}): Promise<Remote> {
  const { era = 'legacy', calls = { echo: says('hello') } } = options;
  const as = await startAuthorizationServer(options.clients ?? { gateway: { secret: SECRET } });
  const fixture = await startHttpFixture({ era, calls });
  const guarded = await startGuarded(fixture.url, as);
  options.prepare?.({ as, guarded });
  const store = memoryCredentials();
  const clock = { now: 1_800_000_000_000 };
  const log = memoryLog();
  const made = { bytes: 0 };

  function start(auth: ServerAuth) {
    const servers = [httpServer({ name: 'web', url: guarded.url, auth })];
    const deps = {
      store,
      now: () => clock.now,
      random: (size: number) => new Uint8Array(size).fill(++made.bytes),
      log,
    };
    const logins = createServerLogins(servers, deps);
    return { logins, downstreams: startDownstreams(servers, { credentials: logins.of, log }) };
  }

  const { logins, downstreams } = start(options.auth(as));
  await downstreams.ready();
  return {
    as,
    guarded,
    fixture,
    store,
    clock,
    lines: log.lines,
    logins,
    downstreams,
    async login() {
      const { authorizationUrl } = await logins.begin({ server: 'web', redirectUri: REDIRECT });
      const callback = await as.agree(authorizationUrl);
      await logins.finish({ server: 'web', callback, by: 'api_key:key_1' });
      await downstreams.reconnect('web');
    },
    again: (auth = options.auth(as)) => start(auth).downstreams,
  };
}
