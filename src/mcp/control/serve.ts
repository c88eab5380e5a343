import type { IncomingMessage, ServerResponse } from 'node:http';
import { CountersignError } from '../../core/errors.ts';
import { decodeUtf8, type JsonValue, parseStrict } from '../../core/json.ts';
import { LIMITS } from '../../core/limits.ts';
import { readBody } from '../../http/body.ts';
import { sendWebResponse, toWebRequest } from '../../http/respond.ts';
import { hasDoubledHeader, refuse } from '../door.ts';
import { rpcErrorFrom } from '../errors.ts';
import type { ApiFetch } from './api-call.ts';
import type { ControlHandler } from './handle.ts';
import type { ControlServerDeps } from './server.ts';

export interface ControlDeps extends Omit<ControlServerDeps, 'api'> {
  readonly loadApi: () => Promise<ApiFetch>;
  /** Whether an API key or the access token of a service account is in force. A session's token never is. */
  readonly isInForce: (token: string) => Promise<boolean>;
}

/** `/mcp/control`: the gateway's own MCP server for whoever runs agents. */
export interface ControlEndpoint {
  handle(message: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Ends streams. A wait under way ends with the API that it waits in. */
  close(): Promise<void>;
}

const SERVER_ERROR = -32000;
const BEARER = /^bearer +([^ ]+)$/i;

const NO_CREDENTIAL =
  'An API key or the access token of a service account is required: send it as Authorization: Bearer … Nothing else is looked at here.';
const NOT_IN_FORCE =
  'The API key or access token is malformed, unknown, expired or revoked, or it is bound to a key, which takes a proof that MCP clients cannot send. A session’s token is none; agents connect to /mcp.';

function notAuthenticated(response: ServerResponse, message: string): void {
  const headers = { 'www-authenticate': 'Bearer' };
  refuse(response, { status: 401, code: SERVER_ERROR, message, headers });
}

async function readMessage(message: IncomingMessage): Promise<JsonValue> {
  const body = parseStrict(decodeUtf8(await readBody(message, LIMITS.messageBytes)));
  if (!Array.isArray(body)) return body;
  throw new CountersignError(
    'invalid_request',
    'JSON-RPC batches are not supported: send one message in each request',
  );
}

/**
 * Serves the control endpoint. Who calls is told by the Authorization header alone; cookies, the path and the message are
 * never looked at for that.
 */
export function createControlEndpoint(deps: ControlDeps): ControlEndpoint {
  let handler: Promise<ControlHandler> | undefined;

  // The SDK's server and the API cost start-up time that a gateway whose agents alone connect never spends here.
  function load(): Promise<ControlHandler> {
    handler ??= Promise.all([import('./handle.ts'), deps.loadApi()]).then(([{ createControlHandler }, api]) =>
      createControlHandler({ ...deps, api }),
    );
    handler.catch(() => {
      // Whoever asked meets the failure and reports it; the next request tries again.
      handler = undefined;
    });
    return handler;
  }

  async function serve(message: IncomingMessage, response: ServerResponse, token: string): Promise<void> {
    if (message.method !== 'POST') {
      const headers = { allow: 'POST' };
      refuse(response, { status: 405, code: SERVER_ERROR, message: 'Method not allowed', headers });
      return;
    }
    if (hasDoubledHeader(message)) {
      const doubled = 'A protocol header was sent twice. Send each Mcp-* header once.';
      refuse(response, { status: 400, code: -32020, message: doubled });
      return;
    }
    if (!/^application\/json\s*(?:;|$)/i.test(message.headers['content-type'] ?? '')) {
      const type = 'Unsupported Media Type: Content-Type must be application/json';
      refuse(response, { status: 415, code: SERVER_ERROR, message: type });
      return;
    }
    const body = await readMessage(message);
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const request = toWebRequest(message, deps.publicOrigin, gone.signal);
    await sendWebResponse(response, await (await load()).handle(request, { token, body }));
  }

  return {
    async handle(message, response) {
      try {
        const [, token] = BEARER.exec(message.headers.authorization?.trim() ?? '') ?? [];
        if (token === undefined) notAuthenticated(response, NO_CREDENTIAL);
        else if (await deps.isInForce(token)) await serve(message, response, token);
        else notAuthenticated(response, NOT_IN_FORCE);
      } catch (failure) {
        const rpc = rpcErrorFrom(failure);
        const status = failure instanceof CountersignError && rpc.httpStatus === 200 ? 400 : rpc.httpStatus;
        if (status >= 500) deps.log.error({ err: failure }, 'a control message could not be served');
        if (!message.complete) response.setHeader('connection', 'close');
        refuse(response, { ...rpc, status });
        if (!response.writableEnded) response.end();
      }
    },

    async close() {
      await (await handler)?.close();
    },
  };
}
