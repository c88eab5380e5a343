import { ProtocolError, Server, type ServerContext } from '@modelcontextprotocol/server';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Session } from '../sessions/session.ts';
import { type DispatchDeps, dispatch, isGoverned } from './dispatch.ts';
import type { Era } from './request.ts';

const INSTRUCTIONS =
  'Some tools here need a person’s approval. Such a call returns at once with status "pending_approval" and has not run: ' +
  'tell the user to open approve_url, then call approval_wait with the approval_id to get the real result.';

/** What the gateway offers, in the form both eras announce it. */
export const CAPABILITIES = {
  tools: { listChanged: true },
  resources: { listChanged: true },
  prompts: { listChanged: true },
  completions: {},
};

function capabilitiesOf(server: Server, context: ServerContext): JsonObject {
  const envelope = (context.mcpReq.envelope as Record<string, unknown> | undefined)?.[
    'io.modelcontextprotocol/clientCapabilities'
  ];
  const declared = envelope ?? server.getClientCapabilities();
  return isJsonObject(declared) ? declared : {};
}

/** Passes progress on under the caller's token, if it gave one. Progress that does not grow is dropped, as it must. */
function progressTo(
  { mcpReq }: ServerContext,
  report: (error: unknown) => void,
): ((progress: JsonObject) => void) | undefined {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return undefined;
  let last = Number.NEGATIVE_INFINITY;
  return (params) => {
    const { progress } = params;
    if (typeof progress !== 'number' || progress <= last) return;
    last = progress;
    const notification = {
      method: 'notifications/progress' as const,
      params: { ...params, progress, progressToken },
    };
    mcpReq.notify(notification).catch(report);
  };
}

/**
 * An SDK server whose every request that is not protocol housekeeping goes through `dispatch`. The fallback handler
 * is used, rather than typed ones, since those drop members that the SDK does not know.
 */
export function createSdkServer(
  deps: DispatchDeps,
  input: { session: Session; era: Era; method?: string | undefined },
): Server {
  const server = new Server(deps.identity, { capabilities: CAPABILITIES, instructions: INSTRUCTIONS });
  // A method that nobody serves must be answered by the SDK itself: only then does its HTTP status say so (404).
  if (input.method !== undefined && !isGoverned(input.method)) return server;
  server.fallbackRequestHandler = async (request, context) => {
    const params = isJsonObject(request.params) ? request.params : {};
    const onProgress = progressTo(context, (err) =>
      deps.log.error({ err }, 'a progress notification could not be sent'),
    );
    const reply = await dispatch(deps, {
      session: input.session,
      era: input.era,
      method: request.method,
      params,
      clientCapabilities: capabilitiesOf(server, context),
      signal: context.mcpReq.signal,
      onProgress,
    });
    if (reply.kind === 'error')
      throw new ProtocolError(reply.error.code, reply.error.message, reply.error.data);
    return JSON.parse(reply.raw) as Record<string, unknown>;
  };
  return server;
}
