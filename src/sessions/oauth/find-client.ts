import type { Clock } from '../../core/clock.ts';
import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Reader } from '../../storage/database.ts';
import { isDocumentId, isRegisteredId, type OauthClient, readDocument } from './client.ts';
import type { FetchDocument } from './deps.ts';
import { storedClient } from './store.ts';

/** Documents fetched at the same time, whoever asks. */
const AT_ONCE = 8;

/**
 * Looks clients up: those that registered themselves in the database, the others by the metadata document at the address
 * that their id is (draft-ietf-oauth-client-id-metadata-document). Good documents are kept for a few minutes, failures
 * never. Throws `invalid_request` when the document cannot be had or is no good, `rate_limited` when too many are fetched
 * at once.
 */
export function createFindClient(deps: {
  database: Reader;
  workspace: string;
  now: Clock;
  fetchDocument: FetchDocument;
}): (id: string) => Promise<OauthClient | undefined> {
  const kept = new Map<string, { client: OauthClient; until: number }>();
  const underWay = new Map<string, Promise<OauthClient>>();

  async function fetchClient(id: string): Promise<OauthClient> {
    const found = readDocument(id, await deps.fetchDocument(id));
    if (!found.ok) {
      throw new CountersignError(
        'invalid_request',
        `The application's document at ${id} is not acceptable: ${found.field}: expected ${found.expected}.`,
        { fields: [{ field: found.field, expected: found.expected }] },
      );
    }
    const client: OauthClient = { id, kind: 'document', ...found.client };
    if (kept.size >= LIMITS.clientDocumentsKept) {
      const oldest = kept.keys().next().value;
      if (oldest !== undefined) kept.delete(oldest);
    }
    kept.set(id, { client, until: deps.now() + LIMITS.clientDocumentKeptMs });
    return client;
  }

  return async (id) => {
    if (isRegisteredId(id)) return storedClient(deps.database, { id, workspace: deps.workspace });
    if (!isDocumentId(id)) return undefined;
    const known = kept.get(id);
    if (known !== undefined && deps.now() < known.until) return known.client;
    kept.delete(id);
    const running = underWay.get(id);
    if (running !== undefined) return running;
    if (underWay.size >= AT_ONCE)
      throw new CountersignError(
        'rate_limited',
        'Too many applications are looked up. Try again in a moment.',
      );
    const fetching = fetchClient(id).finally(() => underWay.delete(id));
    underWay.set(id, fetching);
    return fetching;
  };
}
