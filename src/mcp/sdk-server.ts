import { ProtocolError, Server, type ServerContext } from '@modelcontextprotocol/server';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { Session } from '../sessions/session.ts';
import { capabilitiesFor, INSTRUCTIONS } from './announce.ts';
import { type DispatchDeps, dispatch, isGoverned } from './dispatch.ts';
import { progressUnder } from './progress.ts';
import { isLogLevel, isLoudEnough, type LogLevel } from './relay/log-level.ts';
import type { McpReply, McpRequest, Retry } from './request.ts';
import { TASK_EXTENSIONS } from './tasks/extension.ts';

function capabilitiesOf(server: Server, context: ServerContext): JsonObject {
  const envelope = (context.mcpReq.envelope as Record<string, unknown> | undefined)?.[
    'io.modelcontextprotocol/clientCapabilities'
  ];
  const declared = envelope ?? server.getClientCapabilities();
  return isJsonObject(declared) ? declared : {};
}

/** How log messages reach a client that asked for them with this request; nothing for one that did not. */
function logsOf(
  deps: DispatchDeps,
  { envelope, notify }: ServerContext['mcpReq'],
): Pick<McpRequest, 'logLevel' | 'tell'> {
  const logLevel = (envelope as Record<string, unknown> | undefined)?.['io.modelcontextprotocol/logLevel'];
  if (!isLogLevel(logLevel)) return {};
  const tell: McpRequest['tell'] = ({ method, params }) => {
    if (!isLoudEnough(params.level, logLevel)) return;
    notify({ method, params } as Parameters<typeof notify>[0]).catch((err: unknown) =>
      deps.log.error({ err }, 'a log message could not be sent'),
    );
  };
  return { logLevel, tell };
}

/** A schema that anything fits, since `dispatch` reads what it needs. */
const AS_IT_IS = {
  '~standard': {
    version: 1,
    vendor: 'countersign',
    validate: (value: unknown) => ({ value: value as Record<string, unknown> }),
  },
} as const;

/** The SDK takes the members of a retry out of `params`. */
function retryOf({ requestState, inputResponses }: ServerContext['mcpReq']): Retry | undefined {
  const state = requestState<JsonValue>();
  if (state === undefined && inputResponses === undefined) return undefined;
  return { state, responses: isJsonObject(inputResponses) ? inputResponses : {} };
}

/**
 * An SDK server of revision 2026-07-28 whose every request that is not protocol housekeeping goes through `dispatch`. The fallback handler
 * is used, rather than typed ones, since those drop members that the SDK does not know.
 */
export function createSdkServer(
  deps: DispatchDeps,
  input: {
    session: Session;
    method?: string | undefined;
    /** Told of the level of log messages that a request asks for. */
    wants?: ((level: LogLevel) => void) | undefined;
    /** Told of each reply, whose own text is to be sent: the SDK is given only what its bookkeeping needs. */
    answered: (reply: McpReply) => void;
  },
): Server {
  const capabilities = capabilitiesFor(deps.gate.downstreams.capabilities(), TASK_EXTENSIONS);
  const server = new Server(deps.identity, { capabilities, instructions: INSTRUCTIONS });
  // A method that nobody serves must be answered by the SDK itself: only then does its HTTP status say so (404).
  if (input.method !== undefined && !isGoverned(input.method)) return server;
  const serve: NonNullable<Server['fallbackRequestHandler']> = async (request, context) => {
    const { mcpReq } = context;
    const { inputResponses } = mcpReq;
    const answers =
      request.method === 'tasks/update' && isJsonObject(inputResponses) ? { inputResponses } : {};
    const params = isJsonObject(request.params) ? { ...request.params, ...answers } : {};
    const token = isJsonObject(mcpReq._meta) ? mcpReq._meta.progressToken : undefined;
    const onProgress = progressUnder(token, (progress) => {
      mcpReq
        .notify({ method: 'notifications/progress', params: progress })
        .catch((err: unknown) => deps.log.error({ err }, 'a progress notification could not be sent'));
    });
    const logs = logsOf(deps, mcpReq);
    if (logs.logLevel !== undefined) input.wants?.(logs.logLevel);
    const reply = await dispatch(deps, {
      ...logs,
      session: input.session,
      era: 'modern',
      method: request.method,
      params,
      clientCapabilities: capabilitiesOf(server, context),
      signal: mcpReq.signal,
      onProgress,
      retry: retryOf(mcpReq),
    });
    input.answered(reply);
    if (reply.kind === 'error')
      throw new ProtocolError(reply.error.code, reply.error.message, reply.error.data);
    return {};
  };
  server.fallbackRequestHandler = serve;
  // The SDK knows these names from an earlier revision and leaves them to no fallback in this one.
  for (const method of ['tasks/get', 'tasks/cancel']) {
    server.setRequestHandler(method, { params: AS_IT_IS }, (params, context) =>
      serve({ jsonrpc: '2.0', id: context.mcpReq.id, method, params: params as JsonObject }, context),
    );
  }
  return server;
}
