import type { Clock } from '../../core/clock.ts';
import { CountersignError, errorText } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Log } from '../link.ts';
import type { AuthorizeDeps } from './authorize.ts';
import { bindingOf, type Credential, type Credentials, freshness } from './credential.ts';
import type { RemoteServer } from './discover.ts';
import type { CredentialStore, Kept } from './store.ts';

export interface TokenKeeper extends Credentials {
  readonly server: RemoteServer;
  /** Takes the credential that a login gave. */
  replace(credential: Credential, by: string): Promise<void>;
  /** False when there was nothing to forget. */
  forget(by: string): Promise<boolean>;
}

export interface TokenKeeperDeps extends AuthorizeDeps {
  readonly store: CredentialStore;
  readonly now: Clock;
  readonly log: Log;
}

function needsLogin(name: string, why: string): CountersignError {
  return new CountersignError(
    'downstream_unavailable',
    `${why}; an operator has to log in: countersign server login ${name}`,
  );
}

/**
 * Keeps the access token of one remote server: renewed ahead of its end while it is in use, never twice at once. What
 * a login gave is kept sealed and survives a restart; what client credentials gave is not kept.
 */
export function createTokenKeeper(server: RemoteServer, deps: TokenKeeperDeps): TokenKeeper {
  const { store, now, log } = deps;
  const byPerson = server.auth.type === 'authorization_code';
  const state = {
    kept: undefined as Kept | undefined,
    loading: undefined as Promise<void> | undefined,
    renewing: undefined as Promise<Credential> | undefined,
    failed: undefined as { at: number; error: unknown } | undefined,
  };

  async function load(): Promise<void> {
    const kept = await store.read(server.name);
    if (kept === undefined) return;
    if (kept.credential.boundTo === bindingOf(server)) state.kept ??= kept;
    else log.warn({ server: server.name }, 'its credential was given for another definition and is not used');
  }

  async function loaded(): Promise<void> {
    if (!byPerson) return;
    state.loading ??= load();
    try {
      await state.loading;
    } catch (error) {
      state.loading = undefined;
      throw error;
    }
  }

  /** The old refresh token may be spent already: what came for it is used even when it cannot be written down. */
  async function keep(credential: Credential, before: Kept): Promise<Kept | undefined> {
    try {
      return await store.renew(server.name, credential, before.rev);
    } catch (error) {
      log.warn({ server: server.name, problem: errorText(error) }, 'a renewed credential may not be kept');
      // It may have been written all the same, and then another `rev` is there.
      const there = await store.read(server.name).catch(() => before);
      return { credential, rev: (there ?? before).rev };
    }
  }

  async function ask(before: Kept | undefined): Promise<Credential> {
    const { isGrantRefused, obtainAsClient, refresh } = await import('./authorize.ts');
    if (!byPerson) {
      const credential = await obtainAsClient(server, deps);
      state.kept = { credential, rev: 0 };
      return credential;
    }
    if (before === undefined) throw needsLogin(server.name, 'nobody has logged in to it');
    const { refreshToken } = before.credential;
    if (refreshToken === undefined) throw needsLogin(server.name, 'its access has ended');
    try {
      const credential = await refresh(server, { ...before.credential, refreshToken }, deps);
      const kept = await keep(credential, before);
      if (kept !== undefined && state.kept === before) state.kept = kept;
      if (state.kept === undefined) throw needsLogin(server.name, 'nobody is logged in to it any more');
      return state.kept.credential;
    } catch (error) {
      if (!isGrantRefused(error)) throw error;
      if (state.kept === before) {
        state.kept = undefined;
        const why = { reason: 'refused', by: 'gateway:oauth', rev: before.rev };
        await store.forget(server.name, why);
      }
      throw needsLogin(server.name, 'its authorization server no longer accepts the login');
    }
  }

  function renewal(): Promise<Credential> {
    const { failed } = state;
    if (failed !== undefined && now() - failed.at < LIMITS.downstreamRenewPauseMs)
      return Promise.reject(failed.error);
    state.renewing ??= ask(state.kept)
      .then(
        (credential) => {
          state.failed = undefined;
          return credential;
        },
        (error: unknown) => {
          state.failed = { at: now(), error };
          log.warn({ server: server.name, problem: errorText(error) }, 'its access was not renewed');
          throw error;
        },
      )
      .finally(() => {
        state.renewing = undefined;
      });
    return state.renewing;
  }

  return {
    server,
    async token() {
      await loaded();
      const credential = state.kept?.credential;
      if (credential === undefined) return (await renewal()).accessToken;
      const how = freshness(credential, now());
      if (how === 'over') return (await renewal()).accessToken;
      if (how === 'renew') {
        renewal().catch((error: unknown) =>
          log.debug(
            { server: server.name, problem: errorText(error) },
            'it goes on with the token that it has',
          ),
        );
      }
      return credential.accessToken;
    },
    async renew(refused) {
      const credential = state.kept?.credential;
      if (credential !== undefined && credential.accessToken !== refused) return credential.accessToken;
      if (credential !== undefined && now() - credential.obtainedAt < LIMITS.downstreamRenewPauseMs)
        return undefined;
      try {
        return (await renewal()).accessToken;
      } catch {
        // The log has it; the caller goes by the refusal that it met.
        return undefined;
      }
    },
    async replace(credential, by) {
      const kept = await store.put(server.name, credential, by);
      Object.assign(state, { kept, failed: undefined, loading: Promise.resolve() });
    },
    async forget(by) {
      // A reading under way would bring back what is forgotten here.
      await loaded();
      const had = await store.forget(server.name, { reason: 'requested', by });
      Object.assign(state, { kept: undefined, failed: undefined });
      return had;
    },
  };
}
