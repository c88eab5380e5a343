import { createServerLogins, type ServerLogins } from '../downstream/oauth/log-in.ts';
import { createCredentialStore } from '../downstream/oauth/store.ts';
import { deriveKey } from './derive-key.ts';
import type { State } from './open-state.ts';

/** The gateway's own access to remote servers, sealed with a key of its own purpose. */
export function wireServerLogins(state: State): ServerLogins {
  const { database, ledger, dataKey, random, now, workspace, log, config } = state;
  const key = deriveKey(dataKey, 'countersign/downstream-credential/v1');
  const store = createCredentialStore({ database, ledger, key, random, now, workspace });
  return createServerLogins(config.servers, { store, now, random, log });
}
