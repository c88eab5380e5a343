import type { CryptoKey, JWTPayload, JWTVerifyGetKey } from 'jose';
import type { Clock } from '../../core/clock.ts';
import type { JsonObject } from '../../core/json.ts';
import type { EntryDraft } from '../../ledger/entry.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Reader } from '../../storage/database.ts';
import { TOKEN_ALGORITHM, TOKEN_TYPE } from '../token.ts';
import { newStoredKey, type PublicJwk, readKeyFile, type StoredKey, writeKeyFile } from './key-file.ts';
import { keysOnLedger } from './store.ts';

/** A key as it is published (RFC 7517 §4). */
export type PublishedKey = PublicJwk & {
  readonly kid: string;
  readonly alg: typeof TOKEN_ALGORITHM;
  readonly use: 'sig';
};

/** The keys of capability tokens: one signs, those before it are still accepted until their overlap ends. */
export interface CapabilityKeys {
  /** The keys whose tokens are accepted now, the one that signs first. */
  jwks(): { readonly keys: readonly PublishedKey[] };
  /** The compact JWS of the claims, with the header `{alg, typ, kid}`. */
  sign(claims: JsonObject): Promise<{ readonly token: string; readonly kid: string }>;
  /** Finds the key for a token by its `kid`; for `jwtVerify`. */
  readonly find: JWTVerifyGetKey;
  /** Makes a new key that signs from now on; the one before is accepted for `overlapMs` more. */
  rotate(input: {
    by: string;
    overlapMs: number;
  }): Promise<{ readonly kid: string; readonly previous: string }>;
  /** Retires, on the ledger and in the file, the keys whose overlap has ended. */
  retireDue(): Promise<void>;
}

export interface CapabilityKeysDeps {
  readonly file: string;
  readonly database: Reader;
  readonly ledger: Ledger;
  readonly now: Clock;
}

const BY_START = 'gateway:start';
const BY_TIME = 'gateway:sweep';

function created(key: StoredKey, by: string): EntryDraft {
  return {
    type: 'capability_key.created',
    ref: { principal: by, action: 'capability_keys.create' },
    body: { kid: key.kid, jwk: key.jwk },
  };
}

function retired(kid: string, by: string): EntryDraft {
  return {
    type: 'capability_key.retired',
    ref: { principal: by, action: 'capability_keys.retire' },
    body: { kid },
  };
}

/**
 * Brings file and ledger together: keys that the ledger retired are dropped, keys that it does not know are recorded,
 * and keys that it knows but nobody has any more are retired. So a start after a crash completes a rotation.
 */
async function reconcile(deps: CapabilityKeysDeps): Promise<StoredKey[]> {
  const stored = readKeyFile(deps.file);
  const onLedger = await keysOnLedger(deps.database);
  const usable = stored.filter((key) => !onLedger.retired.has(key.kid));
  const current = usable.find((key) => key.retireAt === undefined) ?? newStoredKey();
  const keys = [current, ...usable.filter((key) => key.retireAt !== undefined)];
  // The file first: a key that is on the ledger but lost would have to be retired at the next start.
  if (keys.length !== stored.length || keys.some((key, at) => key.kid !== stored[at]?.kid))
    writeKeyFile(deps.file, keys);
  const known = new Set(keys.map((key) => key.kid));
  const entries = [
    ...[...onLedger.live].filter((kid) => !known.has(kid)).map((kid) => retired(kid, BY_START)),
    ...keys.filter((key) => !onLedger.live.has(key.kid)).map((key) => created(key, BY_START)),
  ];
  if (entries.length > 0) await deps.ledger.commit({ entries });
  return keys;
}

// The library is loaded with the first token: a start has no use for it.
async function privateKey(key: StoredKey): Promise<CryptoKey> {
  const { importJWK } = await import('jose');
  return (await importJWK({ ...key.jwk, d: key.d }, TOKEN_ALGORITHM)) as CryptoKey;
}

/**
 * Opens the key file, made on first use. Every key is on the ledger before it signs. Throws `config_invalid` when the
 * file is malformed or can be read by other users, `ledger_unavailable` when a new key cannot be recorded.
 */
export async function openCapabilityKeys(deps: CapabilityKeysDeps): Promise<CapabilityKeys> {
  const keys = await reconcile(deps);
  const state: { keys: readonly StoredKey[]; signer: Promise<CryptoKey> | undefined } = {
    keys,
    signer: undefined,
  };
  let turn: Promise<unknown> = Promise.resolve();

  /** One change of the keys at a time. */
  function inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = turn.then(change);
    turn = done.catch(() => undefined);
    return done;
  }

  function accepted(): StoredKey[] {
    const now = deps.now();
    return state.keys.filter((key) => key.retireAt === undefined || key.retireAt > now);
  }

  function jwks(): { keys: PublishedKey[] } {
    return {
      keys: accepted().map(({ kid, jwk }) => ({ ...jwk, kid, alg: TOKEN_ALGORITHM, use: 'sig' as const })),
    };
  }

  return {
    jwks,
    async find({ kid }) {
      const key = accepted().find((one) => one.kid === kid);
      const { errors, importJWK } = await import('jose');
      if (key === undefined) throw new errors.JWKSNoMatchingKey();
      return importJWK(key.jwk, TOKEN_ALGORITHM);
    },
    async sign(claims) {
      const current = state.keys[0] as StoredKey;
      const { kid } = current;
      state.signer ??= privateKey(current);
      const [{ SignJWT }, signer] = await Promise.all([import('jose'), state.signer]);
      const token = await new SignJWT(claims as JWTPayload)
        .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: TOKEN_TYPE, kid })
        .sign(signer);
      return { token, kid };
    },
    rotate: ({ by, overlapMs }) =>
      inTurn(async () => {
        const next = newStoredKey();
        const [current, ...older] = state.keys as [StoredKey, ...StoredKey[]];
        const rotated = [next, { ...current, retireAt: deps.now() + overlapMs }, ...older];
        writeKeyFile(deps.file, rotated);
        await deps.ledger.commit({ entries: [created(next, by)] });
        Object.assign(state, { keys: rotated, signer: undefined });
        return { kid: next.kid, previous: current.kid };
      }),
    retireDue: () =>
      inTurn(async () => {
        const kept = accepted();
        const due = state.keys.filter((key) => !kept.includes(key));
        if (due.length === 0) return;
        await deps.ledger.commit({ entries: due.map((key) => retired(key.kid, BY_TIME)) });
        state.keys = kept;
        writeKeyFile(deps.file, kept);
      }),
  };
}
