import { CountersignError, type ErrorCode } from '../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { McpReply, RpcError } from './request.ts';

const INVALID_PARAMS = -32602;
const INTERNAL = -32603;
const SERVER_ERROR = -32000;

/** Every error code of ours on the MCP wire; a missing one does not compile. */
const TABLE: Readonly<Record<ErrorCode, { readonly code: number; readonly httpStatus: number }>> = {
  invalid_request: { code: INVALID_PARAMS, httpStatus: 200 },
  invalid_json: { code: -32700, httpStatus: 400 },
  payload_too_large: { code: SERVER_ERROR, httpStatus: 413 },
  unauthenticated: { code: SERVER_ERROR, httpStatus: 401 },
  forbidden: { code: SERVER_ERROR, httpStatus: 200 },
  not_found: { code: INVALID_PARAMS, httpStatus: 200 },
  conflict: { code: SERVER_ERROR, httpStatus: 200 },
  expired: { code: SERVER_ERROR, httpStatus: 200 },
  idempotency_mismatch: { code: INVALID_PARAMS, httpStatus: 200 },
  rate_limited: { code: SERVER_ERROR, httpStatus: 200 },
  denied_by_policy: { code: SERVER_ERROR, httpStatus: 200 },
  tool_quarantined: { code: SERVER_ERROR, httpStatus: 200 },
  config_invalid: { code: INTERNAL, httpStatus: 200 },
  policy_invalid: { code: INTERNAL, httpStatus: 200 },
  ledger_unavailable: { code: INTERNAL, httpStatus: 503 },
  downstream_unavailable: { code: SERVER_ERROR, httpStatus: 200 },
  outcome_unknown: { code: SERVER_ERROR, httpStatus: 200 },
  cancelled: { code: SERVER_ERROR, httpStatus: 200 },
  shutting_down: { code: SERVER_ERROR, httpStatus: 503 },
  internal: { code: INTERNAL, httpStatus: 500 },
};

/** How a refusal of ours looks on the wire; `data.code` is the stable name. */
export function rpcError(code: ErrorCode, message: string): RpcError {
  return { ...TABLE[code], message, data: { code } };
}

/** What a server may not say through this gateway, and what it becomes: each speaks of its own hop or era. */
const RESOURCE_NOT_FOUND = -32002;
const MISSING_CAPABILITY = -32021;
const OF_ANOTHER_HOP: ReadonlySet<number> = new Set([-32020, MISSING_CAPABILITY, -32022, -32042]);

/**
 * A downstream's own JSON-RPC error. It passes byte for byte, except that "resource not found" takes the code of
 * 2026-07-28 and that errors about the gateway's own request (its headers, its capabilities, its revision) become
 * internal errors here, since the agent can do nothing about them.
 */
export function downstreamError(raw: string): McpReply {
  const { code: given, message: words, data } = JSON.parse(raw) as JsonObject;
  const isOwnHop = typeof given === 'number' && OF_ANOTHER_HOP.has(given);
  const code = typeof given !== 'number' || !Number.isSafeInteger(given) || isOwnHop ? INTERNAL : given;
  const message = typeof words === 'string' ? words : 'The server answered with an error.';
  const isIntact = code === given && message === words && code !== RESOURCE_NOT_FOUND;
  const error: RpcError = {
    code: code === RESOURCE_NOT_FOUND ? INVALID_PARAMS : code,
    message: isOwnHop ? `The server refused the gateway’s request: ${message}` : message,
    httpStatus: 200,
    ...(data === undefined || isOwnHop ? {} : { data }),
  };
  return { kind: 'error', error, ...(isIntact ? { raw } : {}) };
}

/**
 * A 2026-07-28 server's error that names capabilities which the client did not declare, as that client's own; undefined
 * for any other. What the client did declare, and the gateway withheld, is none of its faults.
 */
export function missingCapability(raw: string, declared: JsonObject): McpReply | undefined {
  const { code, message, data } = JSON.parse(raw) as JsonObject;
  if (code !== MISSING_CAPABILITY || typeof message !== 'string' || !isJsonObject(data)) return undefined;
  const { requiredCapabilities: required } = data;
  if (!isJsonObject(required) || Object.keys(required).length === 0) return undefined;
  const { extensions = {} } = declared;
  const isUndeclared = Object.entries(required).every(([key, value]) =>
    key === 'extensions' && isJsonObject(value) && isJsonObject(extensions)
      ? Object.keys(value).every((id) => extensions[id] === undefined)
      : declared[key] === undefined,
  );
  const error = { code, message, data: { requiredCapabilities: required }, httpStatus: 400 };
  return isUndeclared ? { kind: 'error', error } : undefined;
}

/** The error of a read that found nothing, with the URI that was asked for (MCP, Resources, Error Handling). */
export function aboutResource(error: RpcError, uri: JsonValue | undefined): RpcError {
  const isNotFound = isJsonObject(error.data) && error.data.code === 'not_found';
  return isNotFound && typeof uri === 'string' ? { ...error, data: { code: 'not_found', uri } } : error;
}

/** Anything thrown, as a JSON-RPC error. What was not raised on purpose becomes generic words and is logged by the door. */
export function rpcErrorFrom(error: unknown): RpcError {
  if (error instanceof CountersignError) return rpcError(error.code, error.message);
  return rpcError(
    'internal',
    'Something went wrong inside the gateway; nothing more is known to be safe to show.',
  );
}
