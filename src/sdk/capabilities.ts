import { type DpopKey, dpopProof } from './dpop.ts';
import { type CallOptions, type Http, path } from './http.ts';
import { listPages, type Paged, type PageOptions } from './page.ts';

/** The single-use right to one approved call. Times are RFC 3339. */
export interface Capability {
  readonly id: string;
  readonly approval: string;
  readonly state: 'issued' | 'exchanged' | 'revoked' | 'expired';
  /** Who may exchange it; `gateway` for a tool call, which the gateway carries out itself. */
  readonly holder: string;
  /** The resource that it is good for. */
  readonly aud: string;
  /** The commitment of the frozen call, as in the approval's statement. */
  readonly action: string;
  /** Its exchange needs a proof of a key. */
  readonly dpop: boolean;
  readonly basis: 'decision' | 'policy';
  readonly issuedAt: string;
  readonly expiresAt: string;
  readonly exchangedAt: string | null;
  readonly revokedAt: string | null;
  readonly revokeReason: string | null;
  /** The token that left the gateway, if one did; never the token itself. */
  readonly token: {
    readonly jti: string;
    readonly kid: string;
    readonly jkt: string | null;
    readonly expiresAt: string;
  } | null;
}

/** The token, once. Show it to whoever carries the action out; they check it with `verifyCapability`. */
export interface CapabilityToken {
  readonly token: string;
  /** `DPoP` when it is good only beside a proof by the key that it was exchanged with. */
  readonly tokenType: 'Bearer' | 'DPoP';
  readonly expiresInSeconds: number;
  readonly authorizationDetails: readonly Readonly<Record<string, unknown>>[];
}

/** What the gateway knows of a token; `active` alone when it is not in force. */
export type Introspection = { readonly active: boolean } & Readonly<Record<string, unknown>>;

export interface CapabilityFilter extends PageOptions {
  readonly approval?: string | undefined;
}

export interface CapabilitiesResource {
  /**
   * Exchanges an approved action for its token; once, and only by its requester. With a key the token is bound to it.
   * Throws `conflict` when it is not approved (any more), `forbidden` for anybody else.
   */
  exchange(
    approval: string,
    input?: { readonly actor?: string | undefined; readonly dpop?: DpopKey | undefined },
    options?: CallOptions,
  ): Promise<CapabilityToken>;
  get(id: string, options?: CallOptions): Promise<Capability>;
  list(filter?: CapabilityFilter, options?: CallOptions): Paged<Capability>;
  introspect(token: string, options?: CallOptions): Promise<Introspection>;
  /** Ends a capability, by its id or its token. Before its exchange that makes the approval void. */
  revoke(
    tokenOrId: string,
    input?: { readonly reason?: string | undefined },
    options?: CallOptions,
  ): Promise<void>;
  /** Has tokens signed with a new key; the one before is accepted for `overlapMs` more. For operators. */
  rotateKey(
    input?: { readonly overlapMs?: number | undefined },
    options?: CallOptions,
  ): Promise<{ readonly kid: string; readonly previous: string }>;
}

interface CapabilityWire {
  readonly id: string;
  readonly approval: string;
  readonly state: Capability['state'];
  readonly holder: string;
  readonly aud: string;
  readonly action: string;
  readonly dpop: boolean;
  readonly basis: Capability['basis'];
  readonly issued_at: string;
  readonly expires_at: string;
  readonly exchanged_at?: string | null;
  readonly revoked_at?: string | null;
  readonly revoke_reason?: string | null;
  readonly token?: { jti: string; kid: string; jkt?: string | null; expires_at: string } | null;
}

interface TokenWire {
  readonly access_token: string;
  readonly token_type: CapabilityToken['tokenType'];
  readonly expires_in: number;
  readonly authorization_details?: CapabilityToken['authorizationDetails'];
}

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const APPROVAL = 'urn:countersign:params:oauth:token-type:approval';
const TOKEN_PATH = '/oauth/token';

function capabilityFrom(wire: CapabilityWire): Capability {
  const { token } = wire;
  return {
    id: wire.id,
    approval: wire.approval,
    state: wire.state,
    holder: wire.holder,
    aud: wire.aud,
    action: wire.action,
    dpop: wire.dpop,
    basis: wire.basis,
    issuedAt: wire.issued_at,
    expiresAt: wire.expires_at,
    exchangedAt: wire.exchanged_at ?? null,
    revokedAt: wire.revoked_at ?? null,
    revokeReason: wire.revoke_reason ?? null,
    token:
      token == null
        ? null
        : { jti: token.jti, kid: token.kid, jkt: token.jkt ?? null, expiresAt: token.expires_at },
  };
}

/** `baseUrl` is what proofs of a key are made for: the gateway's public origin. */
export function createCapabilities({ http, baseUrl }: { http: Http; baseUrl: string }): CapabilitiesResource {
  return {
    async exchange(approval, { actor, dpop } = {}, options) {
      const request = { method: 'POST', url: `${baseUrl}${TOKEN_PATH}` };
      const { body } = await http.json<TokenWire>({
        method: 'POST',
        path: TOKEN_PATH,
        form: { grant_type: EXCHANGE, subject_token: approval, subject_token_type: APPROVAL, actor },
        headers: dpop === undefined ? {} : { dpop: await dpopProof(dpop, request) },
        options,
      });
      return {
        token: body.access_token,
        tokenType: body.token_type,
        expiresInSeconds: body.expires_in,
        authorizationDetails: body.authorization_details ?? [],
      };
    },
    async get(id, options) {
      const call = { method: 'GET', path: path`/v1/capabilities/${id}`, options } as const;
      return capabilityFrom((await http.json<CapabilityWire>(call)).body);
    },
    list: (filter = {}, options) =>
      listPages<CapabilityWire, Capability>(http, {
        path: '/v1/capabilities',
        query: { ...filter },
        fromWire: capabilityFrom,
        options,
      }),
    async introspect(token, options) {
      const call = { method: 'POST', path: '/oauth/introspect', form: { token }, options } as const;
      return (await http.json<Introspection>(call)).body;
    },
    async revoke(tokenOrId, { reason } = {}, options) {
      const form = { token: tokenOrId, reason };
      await http.json<undefined>({ method: 'POST', path: '/oauth/revoke', form, options });
    },
    async rotateKey({ overlapMs } = {}, options) {
      const body = { overlap_ms: overlapMs };
      const call = { method: 'POST', path: '/v1/capability-keys/rotate', body, options } as const;
      return (await http.json<{ kid: string; previous: string }>(call)).body;
    },
  };
}
