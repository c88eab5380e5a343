import { canonicalize } from '../core/canonical.ts';
import { sha256Hex } from '../core/digest.ts';
import type { RandomBytes } from '../core/ids.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { openText, sealText } from '../core/seal.ts';
import type { RelayKind } from '../downstream/catalog.ts';

/**
 * What a client carries between the rounds of one call (2026-07-28, multi round-trip requests). Sealed and bound to the
 * session, it can be neither read, nor changed, nor used by another session; it says where to look, and approves nothing.
 */
export type RequestState = {
  /** What `callPrint` made of the call that was asked about. */
  readonly call: string;
  /** How often the client has been asked to come back, from 1. */
  readonly round: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
} & (
  | { readonly kind: 'held'; readonly approvalId: string }
  /** The call goes on in this process, and its server waits for an answer. */
  | { readonly kind: 'parked'; readonly parkedId: string }
  /** The call has ended at its server, which keeps nothing and wants it again with answers. */
  | ({ readonly kind: 'relayed' } & RelayedRound)
);

/** What a server asked in one round, and the state of its own that it gets back. */
export interface RelayedRound {
  readonly server: string;
  /** The id of the call that ended with the questions, and its `ref.action`. */
  readonly continues: string;
  readonly action: string;
  /** The names of the questions and their kinds. */
  readonly asked: readonly (readonly [string, RelayKind])[];
  readonly inner?: JsonValue;
}

/** `key` is 32 bytes, for this purpose alone. */
export interface StateSealing {
  readonly key: Uint8Array;
  readonly random: RandomBytes;
}

/** What a retry must repeat: the method, the name of what it is for, and its arguments. */
export function callPrint(call: { method: string; name: string; args: JsonObject }): string {
  return sha256Hex(canonicalize([call.method, call.name, call.args]));
}

function contextOf(sessionId: string): string {
  return `countersign/mcp-request-state/v1\n${sessionId}`;
}

/** The state as text for `requestState`, good in this session alone. */
export function sealState(sealing: StateSealing, sessionId: string, state: RequestState): string {
  const text = JSON.stringify(state);
  return sealText(sealing, { context: contextOf(sessionId), text }).toString('base64url');
}

/** The state that was sealed for this session; undefined for anything else, and for one that has run out. */
export function openState(
  sealing: StateSealing,
  sealed: { sessionId: string; text: string; now: number },
): RequestState | undefined {
  const bytes = Buffer.from(sealed.text, 'base64url');
  const text = openText(sealing.key, { context: contextOf(sealed.sessionId), sealed: bytes });
  if (text === undefined) return undefined;
  const state = JSON.parse(text) as RequestState;
  return sealed.now < state.expiresAt ? state : undefined;
}
