import { type CallOptions, type Http, path } from './http.ts';
import { type ApiKey, type ApiKeyWire, type KeyRole, keyFrom } from './keys.ts';
import { type Statement, type StatementWire, statementFrom } from './statement.ts';

/** A change of who may act here, as it is asked for and signed. */
export type ActRequest =
  | {
      readonly act: 'approver.invite';
      readonly params: {
        readonly name: string;
        readonly groups: readonly string[];
        /** The user whose agents act for this person, so that nobody approves their own. */
        readonly subject?: string | undefined;
        /** `inviteLink` makes it. */
        readonly token: string;
      };
    }
  | { readonly act: 'approver.remove'; readonly params: { readonly person: string } }
  | {
      readonly act: 'passkey.remove';
      readonly params: { readonly person: string; readonly passkey: string };
    }
  | {
      readonly act: 'service_account.create';
      readonly params: {
        readonly name: string;
        readonly groups: readonly string[];
        /** An Ed25519 or P-256 public key, as SPKI PEM or as a JWK. */
        readonly public_key: string | Readonly<Record<string, unknown>>;
      };
    }
  | { readonly act: 'service_account.remove'; readonly params: { readonly service_account: string } }
  | {
      readonly act: 'key.create';
      readonly params: {
        readonly name: string;
        readonly roles: readonly KeyRole[];
        /** `newApiKey` makes it. */
        readonly hint: string;
        /** `newApiKey` makes it. */
        readonly hash: string;
      };
    };

/** The answer of the person's passkey to a statement. */
export interface SignedAct {
  readonly statementId: string;
  /** What `navigator.credentials.get` gave, as JSON. */
  readonly assertion: object;
}

export interface Invite {
  readonly id: string;
  readonly expiresAt: string;
}

/** Each needs a signed-in person and a signature of their passkey; an API key gets `forbidden`. */
export interface ActsResource {
  /** The statement to sign. Check that it says what was asked for before signing it. */
  statement(request: ActRequest, options?: CallOptions): Promise<Statement>;
  invite(signed: SignedAct, options?: CallOptions): Promise<Invite>;
  removeApprover(id: string, signed: SignedAct, options?: CallOptions): Promise<void>;
  /** The statement comes from the ceremony that made the passkey. */
  addPasskey(person: string, signed: SignedAct, options?: CallOptions): Promise<void>;
  removePasskey(
    at: { readonly person: string; readonly passkey: string },
    signed: SignedAct,
    options?: CallOptions,
  ): Promise<void>;
  createServiceAccount(signed: SignedAct, options?: CallOptions): Promise<{ readonly id: string }>;
  removeServiceAccount(id: string, signed: SignedAct, options?: CallOptions): Promise<void>;
  /** Puts a key of `newApiKey` in force. The gateway learns its secret only when the key is used. */
  createKey(signed: SignedAct, options?: CallOptions): Promise<ApiKey>;
}

export function createActs(http: Http): ActsResource {
  const post = async <T>(at: string, signed: SignedAct, options: CallOptions | undefined): Promise<T> => {
    const body = { statement_id: signed.statementId, assertion: signed.assertion };
    return (await http.json<T>({ method: 'POST', path: at, body, options })).body;
  };
  return {
    async statement(request, options) {
      const call = { method: 'POST', path: '/v1/acts', body: request, options } as const;
      return statementFrom((await http.json<StatementWire>(call)).body);
    },
    async invite(signed, options) {
      type Wire = { readonly id: string; readonly expires_at: string };
      const wire = await post<Wire>('/v1/approvers/invites', signed, options);
      return { id: wire.id, expiresAt: wire.expires_at };
    },
    async removeApprover(id, signed, options) {
      await post(path`/v1/approvers/${id}/remove`, signed, options);
    },
    async addPasskey(person, signed, options) {
      await post(path`/v1/approvers/${person}/passkeys`, signed, options);
    },
    async removePasskey({ person, passkey }, signed, options) {
      await post(path`/v1/approvers/${person}/passkeys/${passkey}/remove`, signed, options);
    },
    createServiceAccount: (signed, options) => post('/v1/service-accounts', signed, options),
    async removeServiceAccount(id, signed, options) {
      await post(path`/v1/service-accounts/${id}/remove`, signed, options);
    },
    createKey: async (signed, options) => keyFrom(await post<ApiKeyWire>('/v1/keys/signed', signed, options)),
  };
}
