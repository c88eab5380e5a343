import { type CallOptions, type Http, path } from './http.ts';
import { listPages, type Paged, type PageOptions } from './page.ts';

/** A person who can decide with a passkey. */
export interface Approver {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly passkeys: readonly Readonly<Record<string, unknown>>[];
  readonly createdAt: string;
}

export interface Invite {
  readonly id: string;
  /** One-time link; whoever opens it first becomes the approver. */
  readonly url: string;
  readonly expiresAt: string;
}

export interface ApproversResource {
  list(filter?: PageOptions, options?: CallOptions): Paged<Approver>;
  /** Needs a signed-in person; an API key gets `forbidden`. */
  invite(
    input: { readonly name: string; readonly groups: readonly string[] },
    options?: CallOptions,
  ): Promise<Invite>;
  /** Needs a signed-in person; an API key gets `forbidden`. */
  remove(id: string, options?: CallOptions): Promise<void>;
}

interface ApproverWire {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly passkeys?: Approver['passkeys'];
  readonly created_at: string;
}

interface InviteWire {
  readonly id: string;
  readonly url: string;
  readonly expires_at: string;
}

function approverFrom(wire: ApproverWire): Approver {
  return {
    id: wire.id,
    name: wire.name,
    groups: wire.groups,
    passkeys: wire.passkeys ?? [],
    createdAt: wire.created_at,
  };
}

export function createApprovers(http: Http): ApproversResource {
  return {
    list: (filter = {}, options) =>
      listPages<ApproverWire, Approver>(http, {
        path: '/v1/approvers',
        query: { ...filter },
        fromWire: approverFrom,
        options,
      }),
    async invite(input, options) {
      const call = { method: 'POST', path: '/v1/approvers/invites', body: input, options } as const;
      const { body } = await http.json<InviteWire>(call);
      return { id: body.id, url: body.url, expiresAt: body.expires_at };
    },
    async remove(id, options) {
      await http.json({ method: 'DELETE', path: path`/v1/approvers/${id}`, options });
    },
  };
}
