import type { KeyObject } from 'node:crypto';
import type { JsonValue } from '../../core/json.ts';
import type { Reader } from '../../storage/database.ts';
import type { SessionDirectory } from '../directory.ts';
import type { MintDeps } from '../mint.ts';
import type { OauthClient } from './client.ts';

/** What connecting by OAuth works with. */
export interface OauthDeps extends MintDeps {
  readonly database: Reader;
  readonly sessions: Pick<SessionDirectory, 'authenticate' | 'revoke' | 'tokenReplaced'>;
  /** The issuer: where people and agents reach the gateway, without a trailing slash. */
  readonly origin: string;
  /** 32 bytes, for consents alone. */
  readonly consentKey: Uint8Array | KeyObject;
  /** The client of this id; undefined when there is none. Throws `invalid_request` for a document that is no good. */
  readonly findClient: (id: string) => Promise<OauthClient | undefined>;
}

/**
 * Fetches a JSON document from an address that a stranger chose. Whoever implements it reaches no private network,
 * follows no redirect, and bounds size and time. Throws `invalid_request` that says what was wrong.
 */
export type FetchDocument = (url: string) => Promise<JsonValue>;

/** The address of the one protected resource: the MCP endpoint (RFC 8707). */
export function resourceOf(deps: Pick<OauthDeps, 'origin'>): string {
  return `${deps.origin}/mcp`;
}

/** The one scope (RFC 6749 §3.3): to connect. What the connection reaches, the person says who consents. */
export const CONNECT_SCOPE = 'mcp';
