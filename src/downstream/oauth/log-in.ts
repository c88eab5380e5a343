import type { Clock } from '../../core/clock.ts';
import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Log } from '../link.ts';
import type { ServerConfig } from '../server-config.ts';
import { isLoopbackHost } from './auth.ts';
import type { Begun } from './authorize.ts';
import { readCallback } from './callback.ts';
import type { Credentials } from './credential.ts';
import { createTokenKeeper, type TokenKeeper, type TokenKeeperDeps } from './keep-token.ts';

/** What a login gave, without any of its secrets. Times are epoch milliseconds. */
export interface LoggedIn {
  readonly server: string;
  readonly issuer: string;
  readonly scope: string | undefined;
  readonly expiresAt: number | undefined;
  /** Whether it lasts beyond that by itself. */
  readonly renewable: boolean;
}

/** Logins of operators at the authorization servers of remote servers. */
export interface ServerLogins {
  /** The credentials of a server, where its definition has `auth`. */
  of(server: ServerConfig): Credentials | undefined;
  /**
   * The address to open, for ten minutes. Throws `not_found`, `invalid_request` (the redirect address is not on the
   * operator's machine, or the server needs no login) or `downstream_unavailable`.
   */
  begin(input: {
    server: string;
    redirectUri: string;
  }): Promise<{ readonly authorizationUrl: string; readonly expiresAt: number }>;
  /**
   * Takes the whole address that the browser was sent back to, once. Throws `invalid_request` for one that belongs to
   * no login of this server or tells of a refusal, and `downstream_unavailable`.
   */
  finish(input: { server: string; callback: string; by: string }): Promise<LoggedIn>;
  /** Forgets what a login gave. Throws `not_found` when there is nothing. */
  forget(input: { server: string; by: string }): Promise<void>;
}

interface Pending {
  readonly server: string;
  readonly redirectUri: string;
  readonly begun: Begun;
  readonly expiresAt: number;
}

const STATE_BYTES = 32;

function bad(message: string): CountersignError {
  return new CountersignError('invalid_request', message);
}

function checkRedirect(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = url?.protocol === 'http:' && isLoopbackHost(url.hostname) && url.port !== '';
  if (isLocal && `${url.search}${url.hash}${url.username}` === '') return;
  throw bad(
    'redirect_uri: expected an address of the operator’s own machine, such as http://127.0.0.1:8765/callback.',
  );
}

/** Keeps the credentials of all remote servers that have `auth`. What is pending is lost with the process. */
export function createServerLogins(
  servers: readonly ServerConfig[],
  deps: Omit<TokenKeeperDeps, 'log' | 'now'> & { readonly now: Clock; readonly log: Log },
): ServerLogins {
  const { now, random } = deps;
  const keepers = new Map<string, TokenKeeper>();
  for (const server of servers) {
    if (server.kind === 'stdio' || server.auth === undefined) continue;
    const { name, url, auth } = server;
    keepers.set(name, createTokenKeeper({ name, url, auth }, deps));
  }
  const pending = new Map<string, Pending>();

  function keeperFor(name: string): TokenKeeper {
    const keeper = keepers.get(name);
    if (keeper?.server.auth.type === 'authorization_code') return keeper;
    if (servers.some((server) => server.name === name)) {
      throw bad(
        `The server "${name}" takes no login. Where it needs one, write "auth": {"type": "authorization_code"} in its definition and start again.`,
      );
    }
    throw new CountersignError(
      'not_found',
      `There is no server ${name}. List the servers to see which exist.`,
    );
  }

  function dropOld(): void {
    for (const [state, { expiresAt }] of pending) if (expiresAt <= now()) pending.delete(state);
    const spare = pending.size - LIMITS.openServerLogins + 1;
    for (const state of [...pending.keys()].slice(0, Math.max(0, spare))) pending.delete(state);
  }

  return {
    of: (server) => keepers.get(server.name),

    async begin({ server: name, redirectUri }) {
      const { server } = keeperFor(name);
      checkRedirect(redirectUri);
      const state = Buffer.from(random(STATE_BYTES)).toString('base64url');
      const { beginLogin } = await import('./authorize.ts');
      const begun = await beginLogin(server, { redirectUri, state });
      dropOld();
      const expiresAt = now() + LIMITS.serverLoginTtlMs;
      pending.set(state, { server: name, redirectUri, begun, expiresAt });
      return { authorizationUrl: begun.authorizationUrl, expiresAt };
    },

    async finish({ server: name, callback, by }) {
      const keeper = keeperFor(name);
      const read = readCallback(callback);
      const found = read === undefined ? undefined : pending.get(read.state);
      if (
        read === undefined ||
        found === undefined ||
        found.server !== name ||
        found.expiresAt <= now() ||
        found.redirectUri !== read.redirectUri
      ) {
        throw bad(
          'callback: expected the whole address that the browser was sent back to, of a login begun less than ten minutes ago and not finished. Begin again: countersign server login NAME',
        );
      }
      // Whatever comes of it, a code is tried once.
      pending.delete(read.state);
      const { expectIssuer, finishLogin } = await import('./authorize.ts');
      expectIssuer(keeper.server, found.begun, read.iss);
      if (read.kind === 'refused') {
        throw bad(`The authorization server refused the login: ${read.error}. Begin again, and agree there.`);
      }
      const { code, iss, redirectUri } = read;
      const credential = await finishLogin(keeper.server, found.begun, { code, iss, redirectUri }, deps);
      await keeper.replace(credential, by);
      const { issuer, scope, expiresAt, refreshToken } = credential;
      return { server: name, issuer, scope, expiresAt, renewable: refreshToken !== undefined };
    },

    async forget({ server: name, by }) {
      if (await keeperFor(name).forget(by)) return;
      throw new CountersignError('not_found', `Nobody has logged in to the server ${name}.`);
    },
  };
}
