import type { CallOptions, Http } from './http.ts';
import { listPages, type Paged, type PageOptions } from './page.ts';

export interface Passkey {
  readonly id: string;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
  /** When it signed validly with a counter that went back, as a copied key does. */
  readonly suspectAt: string | null;
  /** `singleDevice`, or `multiDevice` for one that may be copied to other devices. */
  readonly deviceType: string;
  /** What its enrolment showed of its maker: a WebAuthn attestation format, `self` or `none`. */
  readonly attestation: string;
  /** The authenticator's model. */
  readonly aaguid: string;
}

/** A person who can decide with a passkey. */
export interface Approver {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  /** The user whose agents act for this person. */
  readonly subject: string | null;
  readonly passkeys: readonly Passkey[];
  readonly createdAt: string;
}

export interface ApproversResource {
  list(filter?: PageOptions, options?: CallOptions): Paged<Approver>;
}

interface PasskeyWire {
  readonly id: string;
  readonly created_at: string;
  readonly last_used_at?: string | null;
  readonly suspect_at?: string | null;
  readonly device_type?: string;
  readonly attestation?: string;
  readonly aaguid?: string;
}

interface ApproverWire {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly subject?: string | null;
  readonly passkeys?: readonly PasskeyWire[];
  readonly created_at: string;
}

function passkeyFrom(wire: PasskeyWire): Passkey {
  return {
    id: wire.id,
    createdAt: wire.created_at,
    lastUsedAt: wire.last_used_at ?? null,
    suspectAt: wire.suspect_at ?? null,
    deviceType: wire.device_type ?? '',
    attestation: wire.attestation ?? '',
    aaguid: wire.aaguid ?? '',
  };
}

function approverFrom(wire: ApproverWire): Approver {
  return {
    id: wire.id,
    name: wire.name,
    groups: wire.groups,
    subject: wire.subject ?? null,
    passkeys: (wire.passkeys ?? []).map(passkeyFrom),
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
  };
}
