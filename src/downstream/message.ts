import { isDeeperThan, parseExact } from '../core/exact-json.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { sliceMembers } from '../core/json-slice.ts';
import { LIMITS } from '../core/limits.ts';
import type { DownstreamOutcome, Retry } from './catalog.ts';
import { readTask } from './tasks/task.ts';

/** The first request id of ours. The SDK counts from 0 on the same connection, so the two never meet. */
export const FIRST_OWN_ID = 1_000_000_000;

/** What `params` becomes on the wire: the given object, byte for byte, with the members of ours as its last ones. */
function withMembers(
  paramsText: string,
  { retry, meta }: { retry: Retry | undefined; meta: JsonObject | undefined },
) {
  if (retry === undefined && meta === undefined) return paramsText;
  const members = JSON.stringify({ ...retry, ...(meta === undefined ? {} : { _meta: meta }) }).slice(1);
  const open = paramsText.trimEnd().slice(0, -1).trimEnd();
  return `${open}${open.endsWith('{') ? '' : ','}${members}`;
}

/** One JSON-RPC request as text. `paramsText` is the text of a JSON object without the members of a retry and `_meta`. */
export function requestText(request: {
  id: number;
  method: string;
  paramsText: string;
  meta: JsonObject | undefined;
  retry?: Retry | undefined;
}): string {
  const { id, method, paramsText, meta, retry } = request;
  return `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${withMembers(paramsText, { retry, meta })}}`;
}

/** A JSON-RPC message from a downstream, with the text of what it carries. */
export type Incoming =
  | {
      readonly kind: 'result';
      readonly id: JsonValue;
      readonly raw: string;
      readonly result: JsonObject;
      readonly message: JsonObject;
    }
  | { readonly kind: 'error'; readonly id: JsonValue; readonly raw: string; readonly message: JsonObject }
  | {
      readonly kind: 'other';
      readonly method: string;
      readonly params: JsonObject;
      readonly message: JsonObject;
    }
  | { readonly kind: 'garbage' };

const GARBAGE: Incoming = { kind: 'garbage' };

/** What is passed on is written anew for the client's hop, so that its numbers must stay as the server wrote them. */
function saidByItself(text: string, message: JsonObject & { readonly method: string }): Incoming {
  if (isDeeperThan(text, LIMITS.noticeDepth)) return GARBAGE;
  const exact = parseExact(text);
  const params = isJsonObject(exact) && isJsonObject(exact.params) ? exact.params : {};
  return { kind: 'other', method: message.method, params, message: { ...message, params } };
}

/** Reads one message. Never throws: what is not JSON-RPC, or is nested beyond reason, is `garbage`. */
export function readMessage(text: string): Incoming {
  let message: JsonValue;
  try {
    message = JSON.parse(text) as JsonValue;
  } catch (error) {
    if (error instanceof SyntaxError) return GARBAGE;
    throw error;
  }
  if (!isJsonObject(message) || message.jsonrpc !== '2.0') return GARBAGE;
  if (typeof message.method === 'string') {
    return saidByItself(text, { ...message, method: message.method });
  }
  const name = message.result !== undefined ? 'result' : 'error';
  const value = message[name];
  const span = isJsonObject(value) ? sliceMembers(text)?.get(name) : undefined;
  if (span === undefined) return GARBAGE;
  const raw = text.slice(span.start, span.end);
  const id = message.id ?? null;
  return name === 'result'
    ? { kind: 'result', id, raw, result: value as JsonObject, message }
    : { kind: 'error', id, raw, message };
}

/** An error member of our own, for when a downstream refused without a JSON-RPC answer. */
export function errorText(code: number, message: string): string {
  return JSON.stringify({ code, message });
}

/**
 * What an answer means. A result that is not final (revision 2026-07-28, `resultType`) is passed on where a capability
 * for it was declared. Otherwise a wish for input is an error, and anything else leaves the outcome unknown.
 */
export function outcomeOf(
  answer: Extract<Incoming, { kind: 'result' | 'error' }>,
  declared: { readonly input: boolean; readonly tasks: boolean },
): DownstreamOutcome {
  if (answer.kind === 'error') return { kind: 'error', raw: answer.raw };
  const { resultType, isError } = answer.result;
  const isTask = resultType === 'task' || (resultType === undefined && isJsonObject(answer.result.task));
  if (isTask && declared.tasks) {
    const task = readTask(answer.raw);
    if (task !== undefined) return { kind: 'task', task };
    return { kind: 'unknown', reason: 'the server answered with a task that cannot be read' };
  }
  if (resultType === undefined || resultType === 'complete')
    return { kind: 'result', raw: answer.raw, isError: isError === true };
  if (resultType === 'input_required') {
    if (declared.input) return { kind: 'input_required', raw: answer.raw };
    return {
      kind: 'error',
      raw: errorText(-32603, 'The server asked for input from a person, which Countersign does not relay.'),
    };
  }
  return {
    kind: 'unknown',
    reason: `the server answered with the result type ${JSON.stringify(resultType)}, which was not asked for`,
  };
}

/** The parameters of a progress notification without its token. */
export function progressOf(params: JsonObject): JsonObject {
  const { progressToken: _token, ...progress } = params;
  return progress;
}

/** The answer to a request that a downstream sent to us. */
export function deniedText(method: string): string {
  return `Countersign does not relay ${method} requests from servers.`;
}
