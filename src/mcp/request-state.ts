import { canonicalize } from '../core/canonical.ts';
import { sha256Hex } from '../core/digest.ts';
import type { RandomBytes } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import { openText, sealText } from '../core/seal.ts';

/**
 * What a client carries between the rounds of one call (2026-07-28, multi round-trip requests). Sealed and bound to the
 * session, it can be neither read, nor changed, nor used by another session; it says where to look, and approves nothing.
 */
export interface RequestState {
  readonly approvalId: string;
  /** What `callPrint` made of the call that was frozen. */
  readonly call: string;
  /** How often the client has been asked to come back, from 1. */
  readonly round: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** `key` is 32 bytes, for this purpose alone. */
export interface StateSealing {
  readonly key: Uint8Array;
  readonly random: RandomBytes;
}

/** What a retry must repeat: the name of the tool and its arguments. */
export function callPrint(params: { name: string; args: JsonObject }): string {
  return sha256Hex(canonicalize([params.name, params.args]));
}

function contextOf(sessionId: string): string {
  return `countersign/mcp-request-state/v1\n${sessionId}`;
}

/** The state as text for `requestState`, good in this session alone. */
export function sealState(sealing: StateSealing, sessionId: string, state: RequestState): string {
  const { approvalId, call, round, expiresAt } = state;
  const text = JSON.stringify([approvalId, call, round, expiresAt]);
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
  const [approvalId, call, round, expiresAt] = JSON.parse(text) as [string, string, number, number];
  return sealed.now < expiresAt ? { approvalId, call, round, expiresAt } : undefined;
}
