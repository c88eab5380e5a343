import type { Approval } from '../approvals/approval.ts';
import type { HeldCall } from '../approvals/request.ts';
import type { Clock } from '../core/clock.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { NewId } from '../core/ids.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type {
  CatalogTool,
  ConversationAnswer,
  DownstreamOutcome,
  Downstreams,
  Retry,
  Utterance,
} from '../downstream/catalog.ts';
import type { Job } from '../jobs/job.ts';
import type { NewJob } from '../jobs/ports.ts';
import type { RunningLedger } from '../ledger/ledger.ts';
import type { Counters } from '../policy/limits.ts';
import type { Verdict } from '../policy/verdict.ts';
import type { Session } from '../sessions/session.ts';
import type { Statement } from '../storage/database.ts';
import type { PolicyInForce } from './judge.ts';
import type { GateQuestion } from './question.ts';
import type { ServerTasks } from './server-tasks.ts';
import type { Tracing } from './tracing.ts';

/** What a client said to a question; `none` tells why nobody said anything. */
export type ClientAnswer = ConversationAnswer | { readonly none: string };

/** The client that a call came from, as far as it can be asked and told something meanwhile. */
export interface CallClient {
  /** Equal for calls of one client, different for calls of two. */
  readonly key: string;
  /** As it declared them. */
  readonly capabilities: JsonObject;
  /** The least level of log messages that it asked for, with this request (2026-07-28) or before on its connection. */
  readonly logLevel?: string | undefined;
  /** Never rejects. `signal` fires when nobody waits for the answer any more. */
  ask(request: Utterance, signal: AbortSignal): Promise<ClientAnswer>;
  tell(notification: Utterance): void;
}

/** A call made again with the answers that its server wanted (2026-07-28, multi round-trip requests). */
export interface CallRetry extends Retry {
  /** The server that asked. No other is given the answers. */
  readonly server: string;
  /** The call that it asked in. */
  readonly continues: string;
}

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
  /** Whom the server may ask and tell while the call is under way. A held call that is replayed has nobody. */
  readonly client?: CallClient | undefined;
  readonly retry?: CallRetry | undefined;
  /** For callers that can be given a job in place of an outcome; the server may then answer with a task. */
  readonly longWork?: LongWork | undefined;
}

/** How a call that may last becomes a job. */
export interface LongWork {
  /** The call is about to be sent: this is what its job would be. */
  sent(job: Omit<NewJob, 'source' | 'remoteId'>): void;
  /** The server has answered with a task. False when the caller was given a job before: then its end is waited for. */
  claim(): boolean;
}

/** What became of a call. Doors translate it; none of them decides. */
export type GateOutcome =
  /** The downstream's own `result` member, byte for byte. */
  | { readonly kind: 'result'; readonly raw: string }
  /** The downstream's own JSON-RPC `error` member. */
  | { readonly kind: 'error'; readonly raw: string }
  /** A 2026-07-28 server wants answers first: its questions, as they may go on, and the state that it gave. */
  | {
      readonly kind: 'input_required';
      readonly server: string;
      /** The id of the call that ended so. */
      readonly call: string;
      readonly action: string;
      readonly questions: readonly GateQuestion[];
      readonly requestState: JsonValue | undefined;
    }
  /** It goes on without its caller, who can ask for the job. */
  | { readonly kind: 'job'; readonly job: Job }
  /** Frozen: `approval` is pending, under way, or already settled by an earlier, equal call. */
  | { readonly kind: 'held'; readonly approval: Approval; readonly created: boolean }
  /** Policy says no. The agent is told the reason; it is a tool error, not a protocol error. */
  | { readonly kind: 'denied'; readonly reason: string; readonly rule: string | undefined }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string };

/** An allowed call that a tool has answered. */
export interface AnsweredTool {
  readonly call: GateCall;
  readonly tool: CatalogTool;
  readonly verdict: Verdict;
  /** `req_…`, as the ledger has it. */
  readonly id: string;
  readonly outcome: Extract<DownstreamOutcome, { kind: 'result' }>;
}

export interface GateDeps {
  readonly downstreams: Downstreams;
  readonly ledger: Pick<RunningLedger, 'commit' | 'isWritable'>;
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
  /** Follows the tasks that servers answer with. */
  readonly tasks: ServerTasks;
  readonly counters: Counters;
  /** Told of a tool's answer before its agent is, where config maps tools that begin work. Never rejects. */
  readonly onAnswer?: ((answered: AnsweredTool) => Promise<void>) | undefined;
  /** Told of failures that no caller can be told of any more. */
  readonly report: (error: unknown) => void;
  /** Tells operators of what was refused without anybody being at fault here. */
  readonly warn: (fields: object, message: string) => void;
  /** Where approvers decide, without a trailing slash. */
  readonly publicOrigin: string;
  /** Only where somebody traces. */
  readonly tracing?: Tracing | undefined;
  readonly now: Clock;
  readonly newId: NewId;
}
