import { setTimeout as pause } from 'node:timers/promises';
import { CountersignError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { LIMITS } from '../../core/limits.ts';
import type { CallClient, CallRetry, GateDeps, GateOutcome } from '../../gate/call.ts';
import { heard, recordAsked } from '../../gate/converse.ts';
import type { McpRequest } from '../request.ts';
import { type RelayedRound, type RequestState, sealState } from '../request-state.ts';
import { printOf, type RetryDeps } from '../retry.ts';
import type { Attended, Parking } from './parking.ts';

export interface RelayDeps extends RetryDeps {
  readonly gate: GateDeps;
  readonly parking: Parking;
  /** Aborted when the gateway stops: nobody is asked then any more. */
  readonly stopping: AbortSignal;
}

/** How a call is made: whom its server may ask, and the answers that it brings. */
export type Way = Pick<McpRequest, 'onProgress' | 'signal'> & {
  readonly client?: CallClient | undefined;
  readonly retry?: CallRetry | undefined;
};
export type Run = (way: Way) => Promise<GateOutcome>;

export interface RelayedCall {
  /** What a retry has brought. */
  readonly state: RequestState | undefined;
  readonly run: Run;
  /** Whether config lets the server ask anything; where it is not known, true. */
  readonly mayAsk: boolean;
}

/** What became of it; `asked` is the text of a result that asks the client to come back with answers. */
export type Relayed =
  | Exclude<GateOutcome, { kind: 'input_required' }>
  | { readonly kind: 'asked'; readonly raw: string };
type InputRequired = Extract<GateOutcome, { kind: 'input_required' }>;

/** Between two rounds in which nobody was asked anything. */
const PACE_MS = 250;

function failed(message: string): Relayed {
  return { kind: 'error', raw: JSON.stringify({ code: -32603, message }) };
}

function isAskable({ elicitation, sampling, roots }: JsonObject): boolean {
  return elicitation !== undefined || sampling !== undefined || roots !== undefined;
}

/**
 * Makes a call whose server may have questions for the client. A client of 2026-07-28 is asked by being sent back; an
 * earlier one over its connection. Throws `outcome_unknown` for a retry of a call that is no longer there, and whatever
 * `run` throws.
 */
export function relay(deps: RelayDeps, request: McpRequest, call: RelayedCall): Promise<Relayed> {
  return request.era === 'legacy'
    ? overConnection(deps, request, call.run)
    : bySendingBack(deps, request, call);
}

async function bySendingBack(
  deps: RelayDeps,
  request: McpRequest,
  { state, run, mayAsk }: RelayedCall,
): Promise<Relayed> {
  const { session, clientCapabilities: capabilities, retry, tell } = request;
  const round = state?.round ?? 0;
  const attendance = { ...request, capabilities, session };
  if (state?.kind === 'parked') {
    const back = { id: state.parkedId, round, responses: retry?.responses ?? {} };
    const resumed = deps.parking.resume(attendance, back);
    if (resumed === undefined) throw lost();
    return toldOf(deps, request, { attended: await resumed, round });
  }
  const answers =
    state?.kind === 'relayed'
      ? await takeAnswers(deps, request, { state, given: retry?.responses ?? {} })
      : undefined;
  const isAsked = mayAsk && isAskable(capabilities);
  if (answers === undefined && !isAsked && tell === undefined) {
    const { onProgress, signal } = request;
    const outcome = await run({ onProgress, signal });
    return outcome.kind === 'input_required' ? unasked() : outcome;
  }
  const begin = (brought: CallRetry | undefined): Promise<Attended> =>
    deps.parking.begin(attendance, (way) => run({ ...way, retry: brought }));
  const first = await begin(answers);
  const early = state === undefined ? await earlyAnswers(deps, request, first) : undefined;
  return toldOf(deps, request, { attended: early === undefined ? first : await begin(early), round });
}

function unasked(): Relayed {
  return failed('The server asked for input from a person, which Countersign does not relay.');
}

function lost(): CountersignError {
  return new CountersignError(
    'outcome_unknown',
    'The call is no longer under way: it was answered before, nobody came back in time, or the gateway was started again. It was sent and may have run; check before calling it again.',
  );
}

/** What the server of a relayed round gets: the answers to its questions, as far as config still relays them, each recorded by its kind. */
async function takeAnswers(
  deps: RelayDeps,
  { session }: McpRequest,
  { state, given }: { state: RelayedRound; given: JsonObject },
): Promise<CallRetry> {
  const { server, continues, action, asked, inner } = state;
  const inputResponses: JsonObject = {};
  const relays = deps.gate.downstreams.relays(server);
  const recorded = asked.map(([key, relayed]) => {
    const result = relays.includes(relayed) ? given[key] : undefined;
    const { answer, kind } = heard(relayed, isJsonObject(result) ? { result } : { none: 'Nobody answered.' });
    if ('result' in answer) inputResponses[key] = answer.result;
    return { server, relay: relayed, answer: kind };
  });
  const ref = { session: session.id, subject: session.subject, call: continues, action };
  await recordAsked(deps.gate, ref, recorded);
  return { server, continues, inputResponses, ...(inner === undefined ? {} : { requestState: inner }) };
}

/**
 * What a request brought before anybody was asked, when it is all that its server then asks for. A client may know from
 * an earlier call what is going to be asked; what nobody asks for is not passed on.
 */
async function earlyAnswers(
  deps: RelayDeps,
  request: McpRequest,
  first: Attended,
): Promise<CallRetry | undefined> {
  if (first.kind !== 'outcome' || first.outcome.kind !== 'input_required') return undefined;
  const { server, call: continues, action, questions, requestState: inner } = first.outcome;
  const given = request.retry?.responses ?? {};
  if (questions.length === 0 || !questions.every(({ key }) => isJsonObject(given[key]))) return undefined;
  const asked = questions.map(({ key, relay: kind }) => [key, kind] as const);
  const round = { server, continues, action, asked, ...(inner === undefined ? {} : { inner }) };
  return takeAnswers(deps, request, { state: round, given });
}

/** Seals what a client is to bring back, or gives the outcome when there is one. */
function toldOf(
  deps: RelayDeps,
  request: McpRequest,
  { attended, round }: { attended: Attended; round: number },
): Relayed {
  const expiresAt = deps.now() + LIMITS.requestStateGraceMs;
  const common = { call: printOf(request), expiresAt };
  const ask = (questions: JsonObject, state: RequestState): Relayed => {
    const requestState = sealState(deps.sealing, request.session.id, state);
    const inputRequests = Object.keys(questions).length === 0 ? {} : { inputRequests: questions };
    return {
      kind: 'asked',
      raw: JSON.stringify({ resultType: 'input_required', ...inputRequests, requestState }),
    };
  };
  if (attended.kind === 'asked') {
    const { id: parkedId, questions } = attended;
    const asked = Object.entries(questions).map(([key, one]) => [key, { ...one }] as const);
    return ask(Object.fromEntries(asked), { ...common, kind: 'parked', parkedId, round: attended.round });
  }
  const { outcome } = attended;
  if (outcome.kind !== 'input_required') return outcome;
  const { server, call: continues, action, questions, requestState: inner } = outcome;
  if (JSON.stringify(inner ?? null).length > LIMITS.relayedStateBytes)
    return failed(`The server asked for input with a state of more than ${LIMITS.relayedStateBytes} bytes.`);
  const asked = questions.map(({ key, relay: kind }) => [key, kind] as const);
  const sealed = { server, continues, action, asked, ...(inner === undefined ? {} : { inner }) };
  const requests = Object.fromEntries(questions.map(({ key, request: one }) => [key, { ...one }]));
  return ask(requests, { ...common, kind: 'relayed', round: round + 1, ...sealed });
}

/** Asks over the client's connection, and makes the call again with its answers until it is complete. */
async function overConnection(deps: RelayDeps, request: McpRequest, run: Run): Promise<Relayed> {
  const { client, signal, onProgress } = request;
  const way = { client, signal, onProgress };
  let outcome = await run(way);
  for (let round = 1; outcome.kind === 'input_required'; round += 1) {
    if (client === undefined) return unasked();
    if (round > LIMITS.inputRounds)
      return failed(`The server still asked for input after ${LIMITS.inputRounds} rounds.`);
    const until = signal === undefined ? deps.stopping : AbortSignal.any([signal, deps.stopping]);
    const answered = await askAll(deps, request, { client, required: outcome, until });
    if ('kind' in answered) return answered;
    outcome = await run({ ...way, retry: answered });
  }
  return outcome;
}

/** The answers to one round. A client that fails at a form has cancelled it; without a sample or its roots nothing goes on. */
async function askAll(
  deps: RelayDeps,
  { session }: McpRequest,
  { client, required, until }: { client: CallClient; required: InputRequired; until: AbortSignal },
): Promise<CallRetry | Relayed> {
  const { server, call: continues, action, questions, requestState } = required;
  if (questions.length === 0) await pause(PACE_MS);
  const given = await Promise.all(
    questions.map(async ({ key, relay: kind, request }) => ({
      key,
      relay: kind,
      ...heard(kind, await client.ask(request, until)),
    })),
  );
  const ref = { session: session.id, subject: session.subject, call: continues, action };
  const recorded = given.map(({ relay: kind, kind: answer }) => ({ server, relay: kind, answer }));
  await recordAsked(deps.gate, ref, recorded);
  if (until.aborted)
    return {
      kind: 'refused',
      code: 'cancelled',
      message: 'The call was cancelled while its server waited for an answer.',
    };
  const inputResponses: JsonObject = {};
  for (const { key, relay: kind, answer } of given) {
    const isForm = kind === 'elicitation' || kind === 'elicitation_url';
    if ('result' in answer) inputResponses[key] = answer.result;
    else if (isForm) inputResponses[key] = { action: 'cancel' };
    else
      return failed(`The server ${server} asked the client, which did not answer: ${answer.error.message}`);
  }
  return { server, continues, inputResponses, ...(requestState === undefined ? {} : { requestState }) };
}
