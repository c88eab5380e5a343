import { createTraceState, type SpanContext } from '@opentelemetry/api';
import type { JsonObject } from '../core/json.ts';

/** W3C Trace Context §3.2: a later version may have more after the flags. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NOTHING = /^0+$/;
const TRACESTATE_CHARACTERS = 512;

/** The span that an agent's request says it is part of; undefined for anything that is not exactly that. */
export function readTraceContext(meta: JsonObject | undefined): SpanContext | undefined {
  const { traceparent, tracestate } = meta ?? {};
  const match = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent) : null;
  if (match === null) return undefined;
  const [, version = '', traceId = '', spanId = '', flags = '', rest] = match;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (NOTHING.test(traceId) || NOTHING.test(spanId)) return undefined;
  const isState = typeof tracestate === 'string' && tracestate.length <= TRACESTATE_CHARACTERS;
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 1,
    isRemote: true,
    ...(isState ? { traceState: createTraceState(tracestate) } : {}),
  };
}

/** The same `_meta` with another span as the parent of what comes. */
export function withTraceContext(meta: JsonObject | undefined, span: SpanContext): JsonObject {
  const flags = (span.traceFlags & 1).toString(16).padStart(2, '0');
  const state = span.traceState?.serialize();
  const { tracestate: _before, ...others } = meta ?? {};
  return {
    ...others,
    traceparent: `00-${span.traceId}-${span.spanId}-${flags}`,
    ...(state === undefined || state === '' ? {} : { tracestate: state }),
  };
}
