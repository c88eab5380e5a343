import type { Approval } from '../approvals/approval.ts';
import type { HeldCall } from '../approvals/request.ts';
import type { Clock } from '../core/clock.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { NewId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { Downstreams } from '../downstream/catalog.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Counters } from '../policy/limits.ts';
import type { Session } from '../sessions/session.ts';
import type { Statement } from '../storage/database.ts';
import type { PolicyInForce } from './judge.ts';

/** One tools/call as a door hands it over. */
export interface GateCall {
  readonly session: Session;
  /** The name that the agent sees. */
  readonly name: string;
  readonly args: JsonObject;
  /** `_meta` members that may go downstream: trace context and vendor keys. Never sent with a replay. */
  readonly meta: JsonObject | undefined;
  readonly idempotencyKey: string | undefined;
  readonly onProgress?: ((progress: JsonObject) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What became of a call. Doors translate it; none of them decides. */
export type GateOutcome =
  /** The downstream's own `result` member, byte for byte. */
  | { readonly kind: 'result'; readonly raw: string }
  /** The downstream's own JSON-RPC `error` member. */
  | { readonly kind: 'error'; readonly raw: string }
  /** Frozen: `approval` is pending, under way, or already settled by an earlier, equal call. */
  | { readonly kind: 'held'; readonly approval: Approval; readonly created: boolean }
  /** Policy says no. The agent is told the reason; it is a tool error, not a protocol error. */
  | { readonly kind: 'denied'; readonly reason: string; readonly rule: string | undefined }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string };

export interface GateDeps {
  readonly downstreams: Downstreams;
  readonly ledger: Ledger;
  readonly policy: () => PolicyInForce;
  readonly isActive: (session: Session) => boolean;
  readonly spendCall: (sessionId: string) => Statement;
  /** Seals arguments that may be erased; `retainMs` says after how long they are. */
  readonly sealArguments: (call: {
    id: string;
    subject: string;
    text: string;
    retainMs: number | undefined;
  }) => {
    commit: string;
    sidecar: Statement;
  };
  readonly requestApproval: (held: HeldCall) => Promise<{ approval: Approval; created: boolean }>;
  readonly callsOf: (sessionId: string) => number;
  readonly counted: (sessionId: string, calls: number) => void;
  readonly countCall: (sessionId: string) => void;
  readonly counters: Counters;
  /** Told of failures that no caller can be told of any more. */
  readonly report: (error: unknown) => void;
  readonly now: Clock;
  readonly newId: NewId;
}
