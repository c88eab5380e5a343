import { type Approval, isSettled, stateAt } from '../approvals/approval.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import { awaitAnswer } from './await-answer.ts';
import { pagePrompt, tellHeld } from './pending.ts';
import type { McpRequest } from './request.ts';
import { type RequestState, type StateSealing, sealState } from './request-state.ts';
import type { ServerIdentity } from './result.ts';
import { printOf } from './retry.ts';
import { declaresTasks } from './tasks/extension.ts';
import { createdText, taskOfApproval } from './tasks/task.ts';
import { approvalOf, type WaitToolDeps } from './tools.ts';

export interface WayDeps extends WaitToolDeps {
  readonly identity: ServerIdentity;
  readonly sealing: StateSealing;
}

/** How a hold is told to a client, as the text of a result. */
interface Way {
  readonly declared: (request: McpRequest) => boolean;
  readonly tell: (deps: WayDeps, request: McpRequest, approval: Approval) => Promise<string> | string;
}

/** Tried in this order; the first that the request's client declared is taken. */
const WAYS: readonly Way[] = [
  {
    declared: ({ era, clientCapabilities }) => era === 'modern' && declaresTasks(clientCapabilities),
    tell: (deps, { era }, approval) =>
      createdText(taskOfApproval(approval, { ...deps, era, now: deps.now() })),
  },
  {
    declared: ({ era, clientCapabilities }) => era === 'modern' && opensUrls(clientCapabilities),
    tell: (deps, request, approval) => askToComeBack(deps, request, { approval, round: 1 }),
  },
  { declared: ({ openPage }) => openPage !== undefined, tell: askOnConnection },
  { declared: () => true, tell: plain },
];

/** The name of the one input that a call may need, in `inputRequests` and `inputResponses`. */
const INPUT = 'approval';
/** The SDK's clients give up after ten rounds; the plain result comes before that. */
const MOST_ROUNDS = 8;

/** Whether a client can ask its person to open a page: `elicitation.url` (2025-11-25 and 2026-07-28, Elicitation). */
export function opensUrls(clientCapabilities: JsonObject): boolean {
  const { elicitation } = clientCapabilities;
  return isJsonObject(elicitation) && isJsonObject(elicitation.url);
}

function plain(deps: WayDeps, _request: McpRequest, approval: Approval): string {
  return tellHeld(approval, { publicOrigin: deps.publicOrigin, now: deps.now() });
}

/**
 * The text of a result for a held call: its outcome where there is one, otherwise word that a person must decide, in
 * the richest way that the client declared. Every way leads to the same approval, and none approves.
 */
export async function tellHeldCall(deps: WayDeps, request: McpRequest, approval: Approval): Promise<string> {
  if (isSettled(stateAt(approval, deps.now()))) return plain(deps, request, approval);
  const way = WAYS.find((one) => one.declared(request));
  return (way?.tell ?? plain)(deps, request, approval);
}

/** An `input_required` result (2026-07-28, multi round-trip requests); only the first one asks for the page. */
function askToComeBack(
  deps: WayDeps,
  request: McpRequest,
  { approval, round }: { approval: Approval; round: number },
): string {
  const requestState = sealState(deps.sealing, request.session.id, {
    kind: 'held',
    approvalId: approval.id,
    call: printOf(request),
    round,
    expiresAt: approval.expiresAt + LIMITS.requestStateGraceMs,
  });
  const prompt = { mode: 'url', ...pagePrompt(approval, deps.publicOrigin) };
  const asks = round === 1 && approval.state === 'pending';
  return JSON.stringify({
    resultType: 'input_required',
    ...(asks ? { inputRequests: { [INPUT]: { method: 'elicitation/create', params: prompt } } } : {}),
    requestState,
  });
}

/**
 * Answers the retry of a held call: its outcome once there is one, within 25 s, otherwise the request to come back, or
 * the plain result when the client's person does not open the page or when the rounds are used up. That the page was
 * accepted means that it was opened; nothing is decided by it.
 */
export async function answerRetry(
  deps: WayDeps,
  request: McpRequest,
  state: Extract<RequestState, { kind: 'held' }>,
): Promise<string> {
  const { session, onProgress, signal, retry } = request;
  const known = await approvalOf(deps, session, state.approvalId);
  const response = retry?.responses[INPUT];
  const isRefused = isJsonObject(response) && response.action !== 'accept';
  if (isRefused) return plain(deps, request, known);
  const approval = await awaitAnswer(deps, { id: known.id, onProgress, signal });
  const isOver = isSettled(stateAt(approval, deps.now())) || state.round >= MOST_ROUNDS;
  if (isOver) return plain(deps, request, approval);
  return askToComeBack(deps, request, { approval, round: state.round + 1 });
}

/** Asks over the client's connection while its call is held for up to 25 s; what comes then is the plain result. */
async function askOnConnection(deps: WayDeps, request: McpRequest, approval: Approval): Promise<string> {
  const { openPage, onProgress, signal } = request;
  const isUndecided = approval.state === 'pending';
  const page = { approvalId: approval.id, ...pagePrompt(approval, deps.publicOrigin) };
  const opened = isUndecided ? openPage?.(page) : undefined;
  if (opened === undefined) return plain(deps, request, approval);
  const { declined } = opened;
  const until = signal === undefined ? declined : AbortSignal.any([signal, declined]);
  const latest = await awaitAnswer(deps, { id: approval.id, onProgress, signal: until });
  if (isSettled(stateAt(latest, deps.now()))) opened.complete();
  return plain(deps, request, latest);
}
