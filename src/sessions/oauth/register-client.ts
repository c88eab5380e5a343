import { CountersignError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import { LIMITS } from '../../core/limits.ts';
import { type OauthClient, readClient } from './client.ts';
import type { OauthDeps } from './deps.ts';
import { countClients, dropClientsBeyond, insertClient } from './store.ts';

function tooMany(): CountersignError {
  return new CountersignError(
    'rate_limited',
    `${LIMITS.oauthRegistrationsPerMinute} applications registered themselves within a minute, which is the most. Try again in a minute.`,
  );
}

/**
 * Registers a client that nobody vouches for (RFC 7591 §3). Only so many are kept; those to which nobody ever consented
 * go first. Throws `invalid_request` that names the member, `rate_limited` when too many came within a minute.
 */
export async function registerClient(
  deps: Pick<OauthDeps, 'database' | 'ledger' | 'now' | 'newId' | 'workspace'>,
  metadata: JsonValue,
): Promise<{ client: OauthClient; issuedAt: number }> {
  const found = readClient(metadata);
  if (!found.ok) {
    const { field, expected } = found;
    throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
      fields: [{ field, expected }],
    });
  }
  const { workspace } = deps;
  const now = deps.now();
  const perMinute = LIMITS.oauthRegistrationsPerMinute;
  // The guard below decides; this only keeps a flood of strangers from taking turns of the one writer.
  if ((await countClients(deps.database, { workspace, now })) >= perMinute) throw tooMany();
  const client: OauthClient = { id: deps.newId('ocl'), kind: 'registered', ...found.client };
  const applied = await deps.ledger.commit({
    guard: insertClient(client, { workspace, now, perMinute }),
    then: [dropClientsBeyond(LIMITS.oauthClients, workspace)],
    entries: [],
  });
  if (applied.kind === 'applied') return { client, issuedAt: now };
  throw tooMany();
}
