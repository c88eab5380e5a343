import { ProtocolError, Server, type ServerContext } from '@modelcontextprotocol/server';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { Session } from '../sessions/session.ts';
import { CAPABILITIES, INSTRUCTIONS } from './announce.ts';
import { type DispatchDeps, dispatch, isGoverned } from './dispatch.ts';
import { progressUnder } from './progress.ts';
import type { Retry } from './request.ts';

function capabilitiesOf(server: Server, context: ServerContext): JsonObject {
  const envelope = (context.mcpReq.envelope as Record<string, unknown> | undefined)?.[
    'io.modelcontextprotocol/clientCapabilities'
  ];
  const declared = envelope ?? server.getClientCapabilities();
  return isJsonObject(declared) ? declared : {};
}

/** The SDK takes the members of a retry out of `params`. */
function retryOf({ requestState, inputResponses }: ServerContext['mcpReq']): Retry | undefined {
  const state = requestState<JsonValue>();
  if (state === undefined) return undefined;
  return { state, responses: isJsonObject(inputResponses) ? inputResponses : {} };
}

/**
 * An SDK server of revision 2026-07-28 whose every request that is not protocol housekeeping goes through `dispatch`. The fallback handler
 * is used, rather than typed ones, since those drop members that the SDK does not know.
 */
export function createSdkServer(
  deps: DispatchDeps,
  input: { session: Session; method?: string | undefined },
): Server {
  const server = new Server(deps.identity, { capabilities: CAPABILITIES, instructions: INSTRUCTIONS });
  // A method that nobody serves must be answered by the SDK itself: only then does its HTTP status say so (404).
  if (input.method !== undefined && !isGoverned(input.method)) return server;
  server.fallbackRequestHandler = async (request, context) => {
    const params = isJsonObject(request.params) ? request.params : {};
    const { mcpReq } = context;
    const token = isJsonObject(mcpReq._meta) ? mcpReq._meta.progressToken : undefined;
    const onProgress = progressUnder(token, (progress) => {
      mcpReq
        .notify({ method: 'notifications/progress', params: progress })
        .catch((err: unknown) => deps.log.error({ err }, 'a progress notification could not be sent'));
    });
    const reply = await dispatch(deps, {
      session: input.session,
      era: 'modern',
      method: request.method,
      params,
      clientCapabilities: capabilitiesOf(server, context),
      signal: mcpReq.signal,
      onProgress,
      retry: retryOf(mcpReq),
    });
    if (reply.kind === 'error')
      throw new ProtocolError(reply.error.code, reply.error.message, reply.error.data);
    return JSON.parse(reply.raw) as Record<string, unknown>;
  };
  return server;
}
