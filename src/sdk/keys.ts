import { type CallOptions, type Http, path } from './http.ts';
import { listPages, type Paged, type PageOptions } from './page.ts';

/** What an API key may do. No role approves. */
export type KeyRole = 'operator' | 'minter' | 'reader' | 'requester';

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly KeyRole[];
  /** The last characters of the secret, to tell keys apart. */
  readonly hint: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly revokedAt: string | null;
}

/** `key` is the secret; the gateway keeps only its hash and never shows it again. */
export interface CreatedApiKey extends ApiKey {
  readonly key: string;
}

export interface KeyFilter extends PageOptions {
  /** In force or revoked; both unless told. */
  readonly state?: 'active' | 'revoked' | 'all' | undefined;
  /** Who made it, as `createdBy` names them. */
  readonly createdBy?: string | undefined;
}

export interface KeysResource {
  create(
    input: { readonly name: string; readonly roles: readonly KeyRole[] },
    options?: CallOptions,
  ): Promise<CreatedApiKey>;
  /** Newest first. */
  list(filter?: KeyFilter, options?: CallOptions): Paged<ApiKey>;
  revoke(id: string, options?: CallOptions): Promise<ApiKey>;
}

export interface ApiKeyWire {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly KeyRole[];
  readonly hint: string;
  readonly created_by: string;
  readonly created_at: string;
  readonly revoked_at?: string | null;
}

export function keyFrom(wire: ApiKeyWire): ApiKey {
  return {
    id: wire.id,
    name: wire.name,
    roles: wire.roles,
    hint: wire.hint,
    createdBy: wire.created_by,
    createdAt: wire.created_at,
    revokedAt: wire.revoked_at ?? null,
  };
}

export function createKeys(http: Http): KeysResource {
  return {
    async create(input, options) {
      const call = { method: 'POST', path: '/v1/keys', body: input, options } as const;
      const { body } = await http.json<ApiKeyWire & { key: string }>(call);
      return { ...keyFrom(body), key: body.key };
    },
    list: ({ createdBy, ...filter } = {}, options) =>
      listPages<ApiKeyWire, ApiKey>(http, {
        path: '/v1/keys',
        query: { ...filter, created_by: createdBy },
        fromWire: keyFrom,
        options,
      }),
    async revoke(id, options) {
      const call = { method: 'POST', path: path`/v1/keys/${id}/revoke`, body: {}, options } as const;
      return keyFrom((await http.json<ApiKeyWire>(call)).body);
    },
  };
}
