import { CountersignError } from '../core/errors.ts';
import { decodeUtf8, parseStrict } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import { createOutbound, type Outbound } from '../http/outbound.ts';
import type { SessionDirectory } from '../sessions/directory.ts';
import type { MintDeps } from '../sessions/mint.ts';
import type { FetchDocument, OauthDeps } from '../sessions/oauth/deps.ts';
import { createFindClient } from '../sessions/oauth/find-client.ts';
import { deriveKey } from './derive-key.ts';
import type { State } from './open-state.ts';

const JSON_TYPE = /^application\/(?:[a-z0-9.-]+\+)?json\s*(?:;|$)/i;

function documentsBy(outbound: Outbound): FetchDocument {
  const refuse = (url: string, why: string): CountersignError =>
    new CountersignError('invalid_request', `The application's document at ${url} cannot be used: ${why}.`, {
      fields: [{ field: 'client_id', expected: 'the address of a JSON document that answers with 200' }],
    });
  return async (url) => {
    const { status, contentType, body } = await outbound({
      url,
      method: 'GET',
      headers: { accept: 'application/json' },
      maxBytes: LIMITS.clientDocumentBytes,
      timeoutMs: LIMITS.clientDocumentTimeoutMs,
    });
    if (status !== 200) throw refuse(url, `it answers with ${status}`);
    if (!JSON_TYPE.test(contentType)) throw refuse(url, 'it is not application/json');
    return parseStrict(decodeUtf8(body));
  };
}

/** Gives connecting by OAuth its collaborators; its key is derived from the data key. */
export function wireOauth(
  state: State,
  { mint, sessions }: { mint: MintDeps; sessions: SessionDirectory },
): OauthDeps {
  const { config, dataKey, database, now, publicOrigin, workspace } = state;
  const outbound = createOutbound({ allowLoopback: config.outboundLoopback });
  return {
    ...mint,
    database,
    sessions,
    origin: publicOrigin,
    consentKey: deriveKey(dataKey, 'countersign/oauth-consent/v1'),
    findClient: createFindClient({ database, workspace, now, fetchDocument: documentsBy(outbound) }),
  };
}
