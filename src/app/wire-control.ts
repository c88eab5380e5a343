import type { ApiDeps } from '../api/context.ts';
import { isCountersignError } from '../core/errors.ts';
import { type ControlEndpoint, createControlEndpoint } from '../mcp/control/serve.ts';
import type { PrincipalDeps } from '../principals/deps.ts';
import { authenticateKey } from '../principals/keys.ts';
import { authenticateAccessToken } from '../principals/machine/authenticate-token.ts';

type ApiFetch = (request: Request) => Response | Promise<Response>;

async function isInForce(principals: PrincipalDeps, token: string): Promise<boolean> {
  try {
    const sent = { scheme: 'Bearer', proof: undefined } as const;
    const found =
      (await authenticateKey(principals, token)) ?? (await authenticateAccessToken(principals, token, sent));
    return found !== undefined;
  } catch (error) {
    // A token that is bound to a key, and came without a proof of it.
    if (isCountersignError(error) && error.code === 'unauthenticated') return false;
    throw error;
  }
}

/** The API, loaded by the first who wants it and shared by all, and the control endpoint in front of it. */
export function wireControl(deps: ApiDeps): {
  readonly loadApi: () => Promise<ApiFetch>;
  readonly control: ControlEndpoint;
} {
  let api: Promise<ApiFetch> | undefined;
  function loadApi(): Promise<ApiFetch> {
    // The API's packages take longer to load than all the rest; agents need not wait for them.
    api ??= import('../api/serve.ts').then(({ createApi }) => createApi(deps).fetch);
    api.catch(() => {
      // Whoever asked meets the failure and reports it; the next one tries again.
      api = undefined;
    });
    return api;
  }
  const control = createControlEndpoint({
    loadApi,
    isInForce: (token) => isInForce(deps.principals, token),
    identity: { name: 'countersign-control', version: deps.version },
    publicOrigin: deps.publicOrigin,
    log: deps.log,
  });
  return { loadApi, control };
}
