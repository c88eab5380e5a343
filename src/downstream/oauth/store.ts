import type { Clock } from '../../core/clock.ts';
import type { RandomBytes } from '../../core/ids.ts';
import { isJsonObject, type JsonObject, parseStrict } from '../../core/json.ts';
import { openText, sealText } from '../../core/seal.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Reader } from '../../storage/database.ts';
import type { Credential } from './credential.ts';

/** A credential as it is kept; `rev` tells it from those before and after. */
export interface Kept {
  readonly credential: Credential;
  readonly rev: number;
}

/** Where credentials of remote servers are kept, sealed. All but `read` throw `ledger_unavailable`. */
export interface CredentialStore {
  /** Undefined too when what is kept cannot be opened with this data key. */
  read(server: string): Promise<Kept | undefined>;
  /** Keeps what a login gave, in place of what was there. */
  put(server: string, credential: Credential, by: string): Promise<Kept>;
  /** Keeps a renewed credential; undefined, and nothing is kept, when `rev` is no longer the one that is there. */
  renew(server: string, credential: Credential, rev: number): Promise<Kept | undefined>;
  /** Forgets it; false when there was none, or not with this `rev` where one is given. */
  forget(server: string, why: { reason: string; by: string; rev?: number }): Promise<boolean>;
}

const READ = 'SELECT sealed, rev FROM downstream_credential WHERE workspace = ? AND server = ?';
const PUT = `INSERT INTO downstream_credential (workspace, server, sealed, rev, updated_at) VALUES (?, ?, ?, 1, ?)
  ON CONFLICT (workspace, server) DO UPDATE SET sealed = excluded.sealed, rev = rev + 1,
  updated_at = excluded.updated_at RETURNING rev`;
const RENEW = `UPDATE downstream_credential SET sealed = ?, rev = rev + 1, updated_at = ?
  WHERE workspace = ? AND server = ? AND rev = ? RETURNING rev`;
const FORGET =
  'DELETE FROM downstream_credential WHERE workspace = ? AND server = ? AND rev = ? RETURNING rev';
const FORGET_ANY = 'DELETE FROM downstream_credential WHERE workspace = ? AND server = ? RETURNING rev';

function credentialOf(text: string | undefined): Credential | undefined {
  const value: unknown = text === undefined ? undefined : parseStrict(text);
  if (!isJsonObject(value as JsonObject)) return undefined;
  const { clientSecret, refreshToken, scope, expiresAt, ...rest } = value as unknown as Credential;
  return { ...rest, clientSecret, refreshToken, scope, expiresAt };
}

/** Credentials in the table `downstream_credential`, sealed with `key`; the place is authenticated with them. */
export function createCredentialStore(deps: {
  database: Reader;
  ledger: Ledger;
  key: Uint8Array;
  random: RandomBytes;
  now: Clock;
  workspace: string;
}): CredentialStore {
  const { database, ledger, key, random, now, workspace } = deps;
  const contextOf = (server: string) => `countersign/downstream-credential/v1\n${workspace}\n${server}`;

  function seal(server: string, credential: Credential): string {
    const text = JSON.stringify(credential);
    return sealText({ key, random }, { context: contextOf(server), text }).toString('base64');
  }

  return {
    async read(server) {
      const row = (await database.query({ sql: READ, params: [workspace, server] }))[0];
      if (row === undefined) return undefined;
      const sealed = Buffer.from(String(row.sealed), 'base64');
      const credential = credentialOf(openText(key, { context: contextOf(server), sealed }));
      return credential === undefined ? undefined : { credential, rev: Number(row.rev) };
    },

    async put(server, credential, by) {
      const { issuer, resource, clientId: client_id, scope } = credential;
      const applied = await ledger.commit({
        guard: { sql: PUT, params: [workspace, server, seal(server, credential), now()] },
        entries: [
          {
            type: 'server.authorized',
            ref: { principal: by, action: server },
            body: { server, issuer, resource, client_id, ...(scope === undefined ? {} : { scope }) },
          },
        ],
      });
      return { credential, rev: applied.kind === 'applied' ? Number(applied.rows[0]?.rev) : 0 };
    },

    async renew(server, credential, rev) {
      const params = [seal(server, credential), now(), workspace, server, rev];
      const applied = await ledger.commit({ guard: { sql: RENEW, params }, entries: [] });
      return applied.kind === 'applied' ? { credential, rev: Number(applied.rows[0]?.rev) } : undefined;
    },

    async forget(server, { reason, by, rev }) {
      const guard =
        rev === undefined
          ? { sql: FORGET_ANY, params: [workspace, server] }
          : { sql: FORGET, params: [workspace, server, rev] };
      const applied = await ledger.commit({
        guard,
        entries: [
          {
            type: 'server.deauthorized',
            ref: { principal: by, action: server },
            body: { server, reason },
          },
        ],
        erases: true,
      });
      return applied.kind === 'applied';
    },
  };
}
