import { isJsonObject, type JsonValue } from '../../core/json.ts';
import { LIMITS } from '../../core/limits.ts';
import { redirectProblem } from './redirect.ts';

/**
 * An application that asks to be connected. Only a `document` client has proven anything: that its id is the address of
 * a document that names it. Name and page are what it says of itself.
 */
export interface OauthClient {
  readonly id: string;
  readonly kind: 'document' | 'registered';
  readonly name: string | undefined;
  /** An https address. */
  readonly uri: string | undefined;
  readonly redirectUris: readonly string[];
}

export type ClientFinding =
  | { readonly ok: true; readonly client: Omit<OauthClient, 'id' | 'kind'> }
  | { readonly ok: false; readonly field: string; readonly expected: string };

const NAME_CHARACTERS = 100;
const REGISTERED = /^ocl_[0-9A-Za-z]{1,64}$/;

function refuse(field: string, expected: string): ClientFinding {
  return { ok: false, field, expected };
}

function readableName(value: JsonValue | undefined): string | undefined {
  const text = typeof value === 'string' ? value.trim() : '';
  return text !== '' && text.length <= NAME_CHARACTERS && !/[\p{Cc}\p{Cs}]/u.test(text) ? text : undefined;
}

function httpsAddress(value: JsonValue | undefined): string | undefined {
  if (typeof value !== 'string' || value.length > 500 || !URL.canParse(value)) return undefined;
  return new URL(value).protocol === 'https:' ? value : undefined;
}

/**
 * Reads the metadata of a client (RFC 7591 §2), as a registration or as a document. Members that are not used here are
 * left aside; a client gets the code flow and no secret, whatever else it asks for.
 */
export function readClient(metadata: JsonValue): ClientFinding {
  if (!isJsonObject(metadata)) return refuse('client_metadata', 'a JSON object');
  const { redirect_uris: uris, grant_types: grants, response_types: responses } = metadata;
  const most = LIMITS.oauthRedirectUris;
  if (!Array.isArray(uris) || uris.length === 0 || uris.length > most)
    return refuse('redirect_uris', `a list of 1 to ${most} redirect URIs`);
  for (const [index, uri] of uris.entries()) {
    const problem = typeof uri === 'string' ? redirectProblem(uri) : 'a text';
    if (problem !== undefined) return refuse(`redirect_uris[${index}]`, problem);
  }
  if (grants !== undefined && !(Array.isArray(grants) && grants.includes('authorization_code')))
    return refuse('client_metadata', 'grant_types with "authorization_code"');
  if (responses !== undefined && !(Array.isArray(responses) && responses.includes('code')))
    return refuse('client_metadata', 'response_types with "code"');
  return {
    ok: true,
    client: {
      name: readableName(metadata.client_name),
      uri: httpsAddress(metadata.client_uri),
      redirectUris: uris as string[],
    },
  };
}

/** True for the id of a client that registered itself. */
export function isRegisteredId(id: string): boolean {
  return REGISTERED.test(id);
}

/**
 * True for an id that is the address of a metadata document: https with a path, written as browsers write it, without
 * fragment or credentials (draft-ietf-oauth-client-id-metadata-document §3).
 */
export function isDocumentId(id: string): boolean {
  if (id.length > 500 || !URL.canParse(id)) return false;
  const url = new URL(id);
  const plain = url.username === '' && url.password === '' && !id.includes('#') && url.pathname !== '/';
  return url.protocol === 'https:' && plain && url.href === id;
}

/**
 * Reads a client's metadata document that was found at `id`. It must say that it is that of this very id, and ask for no
 * authentication that a document cannot carry.
 */
export function readDocument(id: string, document: JsonValue): ClientFinding {
  if (!isJsonObject(document) || document.client_id !== id)
    return refuse('client_id', 'a document whose client_id is the address that it stands at');
  const method = document.token_endpoint_auth_method;
  if (method !== undefined && method !== 'none')
    return refuse('token_endpoint_auth_method', 'a document of a public client ("none")');
  if ('client_secret' in document) return refuse('client_secret', 'a document without a secret');
  return readClient(document);
}
