import type { ServerResponse } from 'node:http';
import type { NewId } from '../core/ids.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { CallClient } from '../gate/call.ts';
import { sendEvent } from '../http/respond.ts';
import { type Connection, UNREAD_BYTES } from './legacy-connection.ts';
import { progressUnder } from './progress.ts';
import { isLoudEnough } from './relay/log-level.ts';
import type { ApprovalPage, McpRequest } from './request.ts';

/** What a client can be told and asked before one request of its own is answered, on the stream that its answer becomes. */
export type Talk = Pick<McpRequest, 'onProgress' | 'openPage' | 'client'>;

/** URL mode elicitation needs an id in 2025-11-25, and has none in 2026-07-28. */
function withElicitationId(params: JsonObject, newId: NewId): JsonObject {
  const isMissing = params.mode === 'url' && params.elicitationId === undefined;
  return isMissing ? { ...params, elicitationId: newId('ask') } : params;
}

/** `track` makes the response an event stream, if it is none yet. */
export function talkOf(
  deps: { newId: NewId; stopping: AbortSignal; track: (response: ServerResponse) => void },
  input: { connection: Connection; response: ServerResponse; progressToken: JsonValue | undefined },
): Talk {
  const { connection, response } = input;
  const { elicitations, questions, clientCapabilities } = connection;
  const isOver = (): boolean => response.writableEnded || response.destroyed;
  const send = (json: string): void => {
    if (isOver()) return;
    deps.track(response);
    sendEvent(response, json);
  };
  /** What may be lost is, rather than pile up for a client that does not read. */
  const mention = (json: string): void => {
    if (response.writableLength <= UNREAD_BYTES) send(json);
  };
  const sendSomewhere = (json: string): void => {
    if (isOver()) sendEvent(connection.stream ?? response, json);
    else send(json);
  };
  const gone = new AbortController();
  response.once('close', () => gone.abort());

  const client: CallClient = {
    key: `${connection.sessionId}/${connection.id}`,
    capabilities: clientCapabilities,
    ...(connection.logLevel === undefined ? {} : { logLevel: connection.logLevel }),
    ask: ({ method, params }, signal) => {
      const until = AbortSignal.any([signal, gone.signal, deps.stopping]);
      return questions.ask({ method, params: withElicitationId(params, deps.newId) }, { send, until });
    },
    tell: ({ method, params }) => {
      const { logLevel } = connection;
      const isWanted = logLevel === undefined || isLoudEnough(params.level, logLevel);
      if (isWanted) mention(JSON.stringify({ jsonrpc: '2.0', method, params }));
    },
  };
  const onProgress = progressUnder(input.progressToken, (params) =>
    mention(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params })),
  );
  const openPage =
    elicitations === undefined ? undefined : (page: ApprovalPage) => elicitations.ask(page, sendSomewhere);
  return { onProgress, openPage, client };
}
