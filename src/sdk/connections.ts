import type { CallOptions, Http } from './http.ts';

/** What an application asks the person who is signed in for, by OAuth. */
export interface AskedConnection {
  readonly client: {
    readonly id: string;
    readonly kind: 'document' | 'registered';
    readonly name: string | null;
    readonly uri: string | null;
    /** The host that its document was fetched from; null for one that only said who it is. */
    readonly verifiedHost: string | null;
  };
  readonly redirect: { readonly kind: 'web' | 'loopback' | 'application'; readonly name: string };
  readonly resource: string;
  /** The user for whom it will act. */
  readonly subject: string;
}

/** `ask`: the person can be asked. `refused`: they cannot; `why` says it, `returnTo` tells the application. */
export type CheckedConnection =
  | (AskedConnection & {
      readonly kind: 'ask';
      /** Hand it back with the answer; it holds for this person, in this browser. */
      readonly consent: string;
      /** RFC 3339. */
      readonly expiresAt: string;
      /** What a scope can be picked from. */
      readonly servers: readonly { readonly server: string; readonly tools: readonly string[] }[];
    })
  | (AskedConnection & {
      readonly kind: 'refused';
      readonly error: string;
      readonly why: string;
      readonly returnTo: string;
    });

export interface ConnectionTerms {
  /** Scope patterns; none is nothing. */
  readonly tools: readonly string[];
  readonly ttlMs?: number | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** The consent of the authorization endpoint, for pages at the gateway's own origin; an API key gets `forbidden`. */
export interface ConnectionsResource {
  /** `query` is that of the address that the application opened. */
  check(query: string, options?: CallOptions): Promise<CheckedConnection>;
  /** Resolves with the address where the browser goes on. */
  allow(consent: string, terms: ConnectionTerms, options?: CallOptions): Promise<string>;
  deny(consent: string, options?: CallOptions): Promise<string>;
}

interface CheckedWire extends Pick<AskedConnection, 'redirect' | 'resource' | 'subject'> {
  readonly kind: CheckedConnection['kind'];
  readonly client: Omit<AskedConnection['client'], 'verifiedHost'> & {
    readonly verified_host: string | null;
  };
  readonly consent?: string;
  readonly expires_at?: string;
  readonly servers?: readonly { readonly server: string; readonly tools: readonly string[] }[];
  readonly error?: string;
  readonly why?: string;
  readonly return_to?: string;
}

function checkedFrom(wire: CheckedWire): CheckedConnection {
  const { verified_host: verifiedHost, ...client } = wire.client;
  const { redirect, resource, subject } = wire;
  const asked = { client: { ...client, verifiedHost }, redirect, resource, subject };
  if (wire.kind === 'refused') {
    const { error = '', why = '', return_to: returnTo = '' } = wire;
    return { ...asked, kind: 'refused', error, why, returnTo };
  }
  const { consent = '', expires_at: expiresAt = '', servers = [] } = wire;
  return { ...asked, kind: 'ask', consent, expiresAt, servers };
}

export function createConnections(http: Http): ConnectionsResource {
  async function answer(body: object, options: CallOptions | undefined): Promise<string> {
    const call = { method: 'POST', path: '/v1/oauth/consents', body, options } as const;
    return (await http.json<{ redirect_to: string }>(call)).body.redirect_to;
  }
  return {
    async check(query, options) {
      const call = { method: 'POST', path: '/v1/oauth/requests', body: { query }, options } as const;
      return checkedFrom((await http.json<CheckedWire>(call)).body);
    },
    allow: (consent, { tools, ttlMs, labels }, options) =>
      answer({ consent, decision: 'allow', tools, ttl_ms: ttlMs, labels }, options),
    deny: (consent, options) => answer({ consent, decision: 'deny' }, options),
  };
}
