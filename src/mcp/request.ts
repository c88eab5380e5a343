import { CountersignError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { Utterance } from '../downstream/catalog.ts';
import type { CallClient } from '../gate/call.ts';
import type { Session } from '../sessions/session.ts';
import type { LogLevel } from './relay/log-level.ts';

/** Modern is revision 2026-07-28, legacy is every one before it. */
export type Era = 'legacy' | 'modern';

/** One request, whatever lane it came by. */
export interface McpRequest {
  readonly session: Session;
  readonly era: Era;
  readonly method: string;
  readonly params: JsonObject;
  readonly clientCapabilities: JsonObject;
  readonly onProgress?: ((progress: JsonObject) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What a client that was asked to come back brings along (2026-07-28, multi round-trip requests). */
  readonly retry?: Retry | undefined;
  /** Asks the client's person to open a page; there where the client's connection can be asked (2025-11-25). */
  readonly openPage?: ((page: ApprovalPage) => OpenedPage | undefined) | undefined;
  /** The client as a server may ask it over its connection (before 2026-07-28). */
  readonly client?: CallClient | undefined;
  /** The least level of log messages that the client asked for with this request (2026-07-28). */
  readonly logLevel?: LogLevel | undefined;
  /** Passes a notification on to the client, on the response to this request (2026-07-28). */
  readonly tell?: ((notification: Utterance) => void) | undefined;
}

/** The members of a retry, as they came: what `state` holds is to be verified. Without one, nobody was asked before. */
export interface Retry {
  readonly state: JsonValue | undefined;
  readonly responses: JsonObject;
}

export interface ApprovalPage {
  readonly approvalId: string;
  readonly message: string;
  readonly url: string;
}

/** A page that a client was asked to open. */
export interface OpenedPage {
  /** Aborted when the client says that it is not going to be opened. */
  readonly declined: AbortSignal;
  /** Tells the client that the page has nothing left to do. */
  complete(): void;
}

/** A JSON-RPC error with the HTTP status that carries it when nothing has been streamed yet. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: JsonValue;
  readonly httpStatus: number;
}

/** A result or an error as JSON text, ready to stand in a response. */
export type McpReply =
  | { readonly kind: 'result'; readonly raw: string }
  | {
      readonly kind: 'error';
      readonly error: RpcError /** The downstream's own bytes. */;
      readonly raw?: string;
    };

const IDEMPOTENCY_KEY = 'countersign/idempotency-key';
const SPOKEN_FOR = /^(?:progressToken$|(?:[^/]*\.)?(?:countersign|modelcontextprotocol|mcp)(?:\.[^/]*)?\/)/;

/**
 * The `_meta` members that may travel on: trace context and vendor keys. Never the hop's own, which the protocol keeps
 * for itself, and never ours: what speaks of approvals and keys towards a downstream is said by the gateway alone.
 */
export function forwardedMeta(params: JsonObject): JsonObject | undefined {
  const meta = params._meta;
  if (!isJsonObject(meta)) return undefined;
  const kept = Object.entries(meta).filter(([key]) => !SPOKEN_FOR.test(key));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

/** The caller's word for which of two equal calls it means. Throws `invalid_request` when it is not text. */
export function idempotencyKey(params: JsonObject): string | undefined {
  const meta = params._meta;
  const key = isJsonObject(meta) ? meta[IDEMPOTENCY_KEY] : undefined;
  if (key === undefined || typeof key === 'string') return key;
  throw new CountersignError('invalid_request', `params._meta["${IDEMPOTENCY_KEY}"]: expected text`);
}

/** A parameter that must be text. Throws `invalid_request`, saying what it is for. */
export function textParam(params: JsonObject, name: string, what: string): string {
  const value = params[name];
  if (typeof value === 'string') return value;
  throw new CountersignError('invalid_request', `params.${name}: expected ${what}, as text`);
}

/** An optional parameter that must be an object. Throws `invalid_request`. */
export function objectParam(params: JsonObject, name: string): JsonObject {
  const value = params[name];
  if (value === undefined) return {};
  if (isJsonObject(value)) return value;
  throw new CountersignError('invalid_request', `params.${name}: expected an object, such as {}`);
}
