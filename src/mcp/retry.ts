import { CountersignError } from '../core/errors.ts';
import { type McpRequest, objectParam, textParam } from './request.ts';
import { callPrint, openState, type RequestState, type StateSealing } from './request-state.ts';

export interface RetryDeps {
  readonly sealing: StateSealing;
  readonly now: () => number;
}

/** What a retry of this request must repeat (2026-07-28, multi round-trip requests). Throws `invalid_request`. */
export function printOf({ method, params }: McpRequest): string {
  const isRead = method === 'resources/read';
  const name = isRead
    ? textParam(params, 'uri', 'the URI of a resource')
    : textParam(params, 'name', 'the name of what is called');
  return callPrint({ method, name, args: isRead ? {} : objectParam(params, 'arguments') });
}

/**
 * The state that a retry brings; undefined for a request that is none. Throws `invalid_request` for a state that was not
 * made for this call in this session, or has run out.
 */
export function openRetry(deps: RetryDeps, request: McpRequest): RequestState | undefined {
  const { session, retry } = request;
  if (retry?.state === undefined) return undefined;
  const text = typeof retry.state === 'string' ? retry.state : '';
  const state = openState(deps.sealing, { sessionId: session.id, text, now: deps.now() });
  if (state?.call === printOf(request)) return state;
  const wrong =
    state === undefined ? 'not one that this session was given, or it has run out' : 'of another call';
  const next = 'Make the call again without it: the same call finds its approval.';
  throw new CountersignError('invalid_request', `params.requestState: it is ${wrong}. ${next}`);
}
