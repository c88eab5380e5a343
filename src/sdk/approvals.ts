import { apiError } from './api-error.ts';
import {
  type Approval,
  type ApprovalDetail,
  type ApprovalDetailWire,
  type ApprovalState,
  type ApprovalWire,
  approvalDetailFrom,
  approvalFrom,
  type CallOutcome,
  isUnsettled,
  type RevealedCall,
} from './approval.ts';
import { type ApprovalTrace, type ApprovalTraceWire, traceFrom } from './approval-trace.ts';
import { type CallOptions, type Http, path } from './http.ts';
import { listPages, type Paged, type PageOptions } from './page.ts';
import { bytesToSign, type Statement, type StatementWire, statementFrom, toBase64Url } from './statement.ts';
import type { Decision } from './terms.ts';

/** A machine with a key of its own. It may decide only where the rule says `approver: automation`. */
export interface ServiceAccount {
  readonly id: string;
  /** Of the registered key; Ed25519 unless told. */
  readonly algorithm?: 'Ed25519' | 'ES256' | undefined;
  /** Signs these very bytes with the registered key. To log in, an ES256 signature must be r ‖ s, 64 bytes. */
  readonly sign: (bytes: Uint8Array) => Promise<Uint8Array>;
}

/** Something that a system wants to do, for which it asks first. */
export interface ActionRequest {
  /** Such as `deployment.execute`. */
  readonly action: string;
  /** What it is done to, such as `service:billing-api`. */
  readonly resource: string;
  /** Who acts; the caller itself unless told. */
  readonly actor?: string | undefined;
  /** May raise the risk that policy sees, never lower it. */
  readonly risk?: 'low' | 'medium' | 'high' | 'critical' | undefined;
  /** What approvers and policy should know, such as `{ environment: 'production' }`. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly arguments?: Readonly<Record<string, unknown>> | undefined;
  /** A repetition under the same key gets the approval that is there already. */
  readonly idempotencyKey?: string | undefined;
}

export interface ApprovalFilter extends PageOptions {
  readonly state?: ApprovalState | undefined;
  /** A session's id. */
  readonly session?: string | undefined;
  /** `api_key:key_…`, `service_account:svc_…` or `session:ses_…`. */
  readonly requester?: string | undefined;
  readonly subject?: string | undefined;
  readonly tool?: string | undefined;
  readonly risk?: 'low' | 'medium' | 'high' | 'critical' | undefined;
  /** Only these; at most 100. */
  readonly ids?: readonly string[] | undefined;
  /** `newest` first unless told. */
  readonly order?: 'newest' | 'oldest' | undefined;
}

export interface WaitOptions extends Omit<CallOptions, 'timeoutMs'> {
  /** How long to wait at most. Without it: until there is an answer, which the approval's expiry bounds. */
  readonly timeoutMs?: number | undefined;
  /** Called with every state that is seen, the last one included. */
  readonly onUpdate?: ((approval: ApprovalDetail) => void) | undefined;
}

export interface ApprovalsResource {
  /**
   * Asks for an action of any system. It comes back `pending` while somebody must decide, or `approved` where policy
   * allows it; then its capability can be exchanged. Throws `denied_by_policy`.
   */
  request(input: ActionRequest, options?: CallOptions): Promise<ApprovalDetail>;
  /** Says what became of an action whose capability the caller exchanged; once. */
  reportOutcome(
    id: string,
    input: { readonly state: 'succeeded' | 'failed'; readonly note?: string | undefined },
    options?: CallOptions,
  ): Promise<ApprovalDetail>;
  get(id: string, options?: CallOptions): Promise<ApprovalDetail>;
  /** What was last approved of the same tool or action for the same subject, before this one was requested. */
  previous(id: string, options?: CallOptions): Promise<ApprovalDetail | null>;
  /** How the policy in force looks at it: the rules that are about it, with the value of each part of a condition. */
  trace(id: string, options?: CallOptions): Promise<ApprovalTrace>;
  /**
   * The exact call, for a page on which a person who may decide it, or has decided it, is signed in. The ledger tells of it
   * first, once for each person. Throws `forbidden` for everybody else, keys among them, `conflict` where nothing is hidden.
   */
  reveal(id: string, options?: CallOptions): Promise<RevealedCall>;
  /** The same of the result, for those who decided it. */
  revealResult(id: string, options?: CallOptions): Promise<CallOutcome>;
  list(filter?: ApprovalFilter, options?: CallOptions): Paged<Approval>;
  /** Resolves with the approval once it is settled or, of an action, approved; or as it stands when the time is over. */
  wait(id: string, options?: WaitOptions): Promise<ApprovalDetail>;
  /**
   * Approves as the client's service account. Without one this always throws `needs_person` (or `conflict` when it
   * is decided already): no API key can approve, a person must open `error.approvalUrl` and use a passkey.
   */
  approve(id: string, input?: { readonly reason?: string }, options?: CallOptions): Promise<ApprovalDetail>;
  /** Denies; the same rules as `approve`. */
  deny(id: string, input?: { readonly reason?: string }, options?: CallOptions): Promise<ApprovalDetail>;
  /**
   * Asks for the statement to sign. For approval pages and automation. `breakGlass` is for people of the group
   * `break-glass`, who must say why.
   */
  statement(
    id: string,
    input: {
      readonly decision: Decision;
      readonly reason?: string | undefined;
      readonly breakGlass?: boolean;
    },
    options?: CallOptions,
  ): Promise<Statement>;
  /** Hands in a signed statement: a WebAuthn assertion as JSON, or a service account's signature in base64url. */
  decide(
    id: string,
    input: { readonly statementId: string } & (
      | { readonly assertion: unknown }
      | { readonly signature: string }
    ),
    options?: CallOptions,
  ): Promise<ApprovalDetail>;
  /** Records what became of a call whose outcome is `unknown`. */
  resolve(
    id: string,
    input: { readonly as: 'succeeded' | 'failed'; readonly note: string },
    options?: CallOptions,
  ): Promise<ApprovalDetail>;
  /** Withdraws a pending approval; the reason is kept on the ledger. */
  cancel(
    id: string,
    input?: { readonly reason?: string | undefined },
    options?: CallOptions,
  ): Promise<ApprovalDetail>;
}

export interface ApprovalsDeps {
  readonly http: Http;
  readonly serviceAccount?: ServiceAccount | undefined;
  /** Monotonic milliseconds. */
  readonly stopwatch: () => number;
}

const POLL_MS = 25_000;
const POLL_GRACE_MS = 10_000;

export function createApprovals({ http, serviceAccount, stopwatch }: ApprovalsDeps): ApprovalsResource {
  const headers: Record<string, string> =
    serviceAccount === undefined ? {} : { 'x-countersign-service-account': serviceAccount.id };

  async function post<W>(at: string, body: unknown, options?: CallOptions): Promise<W> {
    return (await http.json<W>({ method: 'POST', path: at, body, headers, options })).body;
  }

  async function get(id: string, options?: CallOptions): Promise<ApprovalDetail> {
    const call = { method: 'GET', path: path`/v1/approvals/${id}`, options } as const;
    return approvalDetailFrom((await http.json<ApprovalDetailWire>(call)).body);
  }

  const statement: ApprovalsResource['statement'] = async (id, { breakGlass, ...input }, options) => {
    const body = { ...input, ...(breakGlass === true ? { break_glass: true } : {}) };
    return statementFrom(await post<StatementWire>(path`/v1/approvals/${id}/statement`, body, options));
  };

  const decide: ApprovalsResource['decide'] = async (id, { statementId, ...proof }, options) => {
    const body = { statement_id: statementId, ...proof };
    return approvalDetailFrom(
      await post<ApprovalDetailWire>(path`/v1/approvals/${id}/decide`, body, options),
    );
  };

  async function poll(id: string, timeoutMs: number, options: CallOptions): Promise<ApprovalDetail> {
    const { body } = await http.json<ApprovalDetailWire>({
      method: 'GET',
      path: path`/v1/approvals/${id}/wait`,
      query: { timeout_ms: timeoutMs },
      options: { ...options, timeoutMs: timeoutMs + POLL_GRACE_MS },
    });
    return approvalDetailFrom(body);
  }

  async function wait(id: string, options: WaitOptions = {}): Promise<ApprovalDetail> {
    const { timeoutMs = Number.POSITIVE_INFINITY, onUpdate, ...call } = options;
    const startedAt = stopwatch();
    for (;;) {
      const leftMs = Math.max(0, timeoutMs - (stopwatch() - startedAt));
      const approval = await poll(id, Math.ceil(Math.min(POLL_MS, leftMs)), call);
      onUpdate?.(approval);
      if (!isUnsettled(approval) || leftMs <= POLL_MS) return approval;
    }
  }

  async function refuse(id: string, decision: Decision, options?: CallOptions): Promise<never> {
    const approval = await get(id, options);
    if (approval.state !== 'pending') {
      const message = `Approval ${id} is ${approval.state} and can no longer be decided.`;
      throw apiError({ code: 'conflict', status: 409, message });
    }
    const message =
      approval.approver === 'automation'
        ? `Approval ${id} is decided by a service account: give the client one to ${decision} it.`
        : `Only a person with a passkey can ${decision} ${id}. Open ${approval.url}`;
    throw apiError({ code: 'needs_person', message, approvalUrl: approval.url });
  }

  async function decideAs(
    id: string,
    input: { decision: Decision; reason?: string | undefined },
    options?: CallOptions,
  ) {
    if (serviceAccount === undefined) return await refuse(id, input.decision, options);
    const given = await statement(id, input, options);
    const challenge = await bytesToSign(given, { approval: id, decision: input.decision });
    const signature = toBase64Url(await serviceAccount.sign(challenge));
    return await decide(id, { statementId: given.statementId, signature }, options);
  }

  return {
    async request({ idempotencyKey, ...action }, options) {
      const body = { ...action, idempotency_key: idempotencyKey };
      return approvalDetailFrom(await post<ApprovalDetailWire>('/v1/approvals', body, options));
    },
    reportOutcome: async (id, input, options) =>
      approvalDetailFrom(await post<ApprovalDetailWire>(path`/v1/approvals/${id}/outcome`, input, options)),
    get,
    async previous(id, options) {
      const call = { method: 'GET', path: path`/v1/approvals/${id}/previous`, options } as const;
      const { approval } = (await http.json<{ approval?: ApprovalDetailWire }>(call)).body;
      return approval === undefined ? null : approvalDetailFrom(approval);
    },
    async trace(id, options) {
      const call = { method: 'GET', path: path`/v1/approvals/${id}/trace`, options } as const;
      return traceFrom((await http.json<ApprovalTraceWire>(call)).body);
    },
    async reveal(id, options) {
      const at = path`/v1/approvals/${id}/reveal`;
      return (await post<{ call: RevealedCall }>(at, { what: 'arguments' }, options)).call;
    },
    async revealResult(id, options) {
      const at = path`/v1/approvals/${id}/reveal`;
      return (await post<{ result: CallOutcome }>(at, { what: 'result' }, options)).result;
    },
    list: ({ ids, ...filter } = {}, options) =>
      listPages<ApprovalWire, Approval>(http, {
        path: '/v1/approvals',
        query: { ...filter, ids: ids?.join(',') },
        fromWire: approvalFrom,
        options,
      }),
    wait,
    approve: (id, input, options) => decideAs(id, { decision: 'approve', reason: input?.reason }, options),
    deny: (id, input, options) => decideAs(id, { decision: 'deny', reason: input?.reason }, options),
    statement,
    decide,
    resolve: async (id, input, options) =>
      approvalDetailFrom(await post<ApprovalDetailWire>(path`/v1/approvals/${id}/resolve`, input, options)),
    cancel: async (id, input = {}, options) =>
      approvalDetailFrom(await post<ApprovalDetailWire>(path`/v1/approvals/${id}/cancel`, input, options)),
  };
}
