import { createMcpHandler } from '@modelcontextprotocol/server';
import { LIMITS } from '../../core/limits.ts';
import { type ControlServerDeps, createControlServer } from './server.ts';

/** The control endpoint behind its door: every request is one on its own, in every revision. */
export interface ControlHandler {
  /** `token` is the credential that the door found in force. */
  handle(request: Request, input: { token: string; body: unknown }): Promise<Response>;
  close(): Promise<void>;
}

/** Serves both eras with the SDK's own server. No credential is kept between requests, so that a revoked one ends at once. */
export function createControlHandler(deps: ControlServerDeps): ControlHandler {
  const tokens = new WeakMap<Request, string>();
  const handler = createMcpHandler(
    ({ requestInfo }) => {
      const token = requestInfo === undefined ? undefined : tokens.get(requestInfo);
      if (requestInfo === undefined || token === undefined)
        throw new Error('a control request came past the door');
      return createControlServer(deps, { token, signal: requestInfo.signal });
    },
    {
      legacy: 'stateless',
      maxSubscriptions: LIMITS.streamsPerSession,
      maxRequestBodySize: LIMITS.messageBytes,
    },
  );
  return {
    handle(request, { token, body }) {
      tokens.set(request, token);
      return handler.fetch(request, { parsedBody: body });
    },
    close: () => handler.close(),
  };
}
