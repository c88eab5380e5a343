import { CountersignError, type ErrorCode } from '../core/errors.ts';
import type { JsonValue } from '../core/json.ts';

/** A JSON-RPC error with the HTTP status that carries it when nothing has been streamed yet. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: JsonValue;
  readonly httpStatus: number;
}

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
  rate_limited: { code: SERVER_ERROR, httpStatus: 429 },
  denied_by_policy: { code: SERVER_ERROR, httpStatus: 200 },
  tool_quarantined: { code: SERVER_ERROR, httpStatus: 200 },
  config_invalid: { code: INTERNAL, httpStatus: 200 },
  policy_invalid: { code: INTERNAL, httpStatus: 200 },
  ledger_unavailable: { code: INTERNAL, httpStatus: 503 },
  downstream_unavailable: { code: SERVER_ERROR, httpStatus: 200 },
  downstream_timeout: { code: SERVER_ERROR, httpStatus: 200 },
  outcome_unknown: { code: SERVER_ERROR, httpStatus: 200 },
  cancelled: { code: SERVER_ERROR, httpStatus: 200 },
  shutting_down: { code: SERVER_ERROR, httpStatus: 503 },
  internal: { code: INTERNAL, httpStatus: 500 },
};

/** How a refusal of ours looks on the wire; `data.code` is the stable name. */
export function rpcError(code: ErrorCode, message: string): RpcError {
  return { ...TABLE[code], message, data: { code } };
}

/** Anything thrown, as a JSON-RPC error. What was not raised on purpose becomes generic words and is logged by the door. */
export function rpcErrorFrom(error: unknown): RpcError {
  if (error instanceof CountersignError) return rpcError(error.code, error.message);
  return rpcError(
    'internal',
    'Something went wrong inside the gateway; nothing more is known to be safe to show.',
  );
}
