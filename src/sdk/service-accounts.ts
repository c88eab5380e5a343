import type { CallOptions, Http } from './http.ts';
import { listPages, type Paged, type PageOptions } from './page.ts';

/** A machine that has a key of its own. */
export interface RegisteredAccount {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  /** The canonical JWK text of its public key. */
  readonly publicKey: string;
  readonly createdBy: string;
  readonly createdAt: string;
}

export interface ServiceAccountsResource {
  list(filter?: PageOptions, options?: CallOptions): Paged<RegisteredAccount>;
}

interface AccountWire {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly public_key: string;
  readonly created_by: string;
  readonly created_at: string;
}

function accountFrom(wire: AccountWire): RegisteredAccount {
  return {
    id: wire.id,
    name: wire.name,
    groups: wire.groups,
    publicKey: wire.public_key,
    createdBy: wire.created_by,
    createdAt: wire.created_at,
  };
}

export function createServiceAccounts(http: Http): ServiceAccountsResource {
  return {
    list: (filter = {}, options) =>
      listPages<AccountWire, RegisteredAccount>(http, {
        path: '/v1/service-accounts',
        query: { ...filter },
        fromWire: accountFrom,
        options,
      }),
  };
}
