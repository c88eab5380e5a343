import type { KeyObject } from 'node:crypto';
import { LIMITS } from '../core/limits.ts';
import type { Entry } from '../ledger/entry.ts';
import type { PasskeyKey } from '../principals/proof/cose-key.ts';
import type { Maker, OpenApproval } from './open-approval.ts';

/** Times are compared with this tolerance: between a check and the entry that records it stands a write to disk. */
export const SLACK_MS = LIMITS.clockSkewMs;

export interface KnownPasskey {
  readonly id: string;
  readonly credentialId: string;
  readonly key: PasskeyKey;
  readonly rpId: string;
  readonly aaguid: string;
  readonly attestation: string;
}

/** Somebody who is enrolled at this point of the log. */
export interface KnownPerson {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly subject: string | undefined;
  /** `person:…`, or `bootstrap` for the first ones. */
  readonly invitedBy: string;
  /** By credential id. */
  readonly passkeys: Map<string, KnownPasskey>;
}

export interface KnownAccount {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  /** JWK text. */
  readonly publicKey: string;
  readonly maker: Maker;
}

/** A session that was neither revoked nor forgotten. */
export interface LiveSession {
  /** Epoch milliseconds. */
  readonly endsAt: number;
  readonly maker: Maker;
}

export interface OpenInvite {
  readonly name: string;
  readonly groups: readonly string[];
  readonly subject: string | undefined;
  readonly token: string;
  readonly by: string;
  readonly expiresAt: number;
}

/** What must come next, since it belongs to one transaction with what came before. */
export interface Due {
  readonly seq: number;
  readonly type: string;
  readonly approval: string;
}

export interface Tally {
  entries: number;
  requests: number;
  decisions: number;
  /** Calls that were dispatched and actions that were taken up, each after its approval. */
  dispatches: number;
  /** Of those, approved by a rule without a person. */
  allowedByPolicy: number;
  breakGlass: number;
  /** Calls that policy allowed at once. */
  liveCalls: number;
  tokens: number;
  payloads: number;
  /** Approvals whose outcome nobody knows. */
  unknown: number;
}

/** All that the rules remember. It grows with people, keys, open approvals and live sessions, not with the log. */
export interface World {
  readonly log: string;
  readonly people: Map<string, KnownPerson>;
  readonly invites: Map<string, OpenInvite>;
  /** Every credential id that was ever enrolled. */
  readonly credentials: Set<string>;
  everEnrolled: boolean;
  /** Those who came by a link that the gateway made itself; whom to trust among them, no log can prove. */
  readonly anchors: { readonly person: string; readonly name: string; readonly credentialId: string }[];
  readonly accounts: Map<string, KnownAccount>;
  readonly capabilityKeys: Map<string, KeyObject>;
  /** The maker of every API key that was ever made, by its id. */
  readonly keyMakers: Map<string, Maker>;
  readonly sessions: Map<string, LiveSession>;
  /** By id; what has ended is dropped. */
  readonly approvals: Map<string, OpenApproval>;
  /** Nonces of statements that could still be accepted, and until when. */
  readonly nonces: Map<string, number>;
  due: Due | undefined;
  readonly tally: Tally;
}

export function emptyWorld(log: string): World {
  return {
    log,
    people: new Map(),
    invites: new Map(),
    credentials: new Set(),
    everEnrolled: false,
    anchors: [],
    accounts: new Map(),
    capabilityKeys: new Map(),
    keyMakers: new Map(),
    sessions: new Map(),
    approvals: new Map(),
    nonces: new Map(),
    due: undefined,
    tally: {
      entries: 0,
      requests: 0,
      decisions: 0,
      dispatches: 0,
      allowedByPolicy: 0,
      breakGlass: 0,
      liveCalls: 0,
      tokens: 0,
      payloads: 0,
      unknown: 0,
    },
  };
}

/** One rule about one entry type: undefined when it holds, else why not. It may change the world only when it holds. */
export type Rule = (world: World, entry: Entry) => string | undefined;

const SWEEP_EVERY = 4_096;

/** Forgets what time alone has ended. Call it with every entry; the work is done now and then. */
export function forgetEnded(world: World, now: number): void {
  if (world.tally.entries % SWEEP_EVERY !== 0) return;
  const hasEnded = (endsAt: number): boolean => endsAt + SLACK_MS < now;
  for (const [nonce, endsAt] of world.nonces) if (hasEnded(endsAt)) world.nonces.delete(nonce);
  for (const [id, { endsAt }] of world.sessions) if (hasEnded(endsAt)) world.sessions.delete(id);
}
