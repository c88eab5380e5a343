import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { ConversationAnswer, RelayKind, Utterance } from '../downstream/catalog.ts';

/** A question of a server as it may go on, or why it may not, in words for operators. */
export type Questioned =
  | { readonly kind: 'relayed'; readonly relay: RelayKind; readonly request: Utterance }
  | { readonly kind: 'denied'; readonly reason: string };

/** What came of a question; never what was said. `none`: nobody answered. */
export type AnswerKind = 'accept' | 'decline' | 'cancel' | 'result' | 'error' | 'none';

/** One question of several that a server asks at once, under the name that it gave it. */
export interface GateQuestion {
  readonly key: string;
  readonly relay: RelayKind;
  readonly request: Utterance;
}

export interface QuestionRules {
  readonly server: string;
  readonly relays: readonly RelayKind[];
  /** What the client declared. */
  readonly declared: JsonObject;
  /** Where approvers decide: no server may lead anybody there. */
  readonly publicOrigin: string;
}

/** Ids of our own elicitations; a server that used one could speak of a page that is not its own. */
const OWN_ELICITATION = /^apr_/;
const LOOPBACK = /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1?\]|\[::ffff:(?:7f.*|0:0)\]|0\.0\.0\.0)$/;
const ACTIONS: ReadonlySet<string> = new Set(['accept', 'decline', 'cancel']);

function kindOf({ method, params }: Utterance): RelayKind | undefined {
  if (method === 'elicitation/create') return params.mode === 'url' ? 'elicitation_url' : 'elicitation';
  if (method === 'sampling/createMessage') return 'sampling';
  return method === 'roots/list' ? 'roots' : undefined;
}

/** The modes of elicitation that a client has: an empty capability means forms alone (2025-11-25, Elicitation). */
function elicitationModes(declared: JsonObject): { form?: JsonObject; url?: JsonObject } {
  const { elicitation } = declared;
  if (!isJsonObject(elicitation)) return {};
  const { form, url } = elicitation;
  const isPlain = form === undefined && url === undefined;
  return {
    ...(isJsonObject(form) ? { form } : isPlain ? { form: {} } : {}),
    ...(isJsonObject(url) ? { url } : {}),
  };
}

/** What a server is told that it can ask: what the client declared, as far as config relays it. `{}`: nothing. */
export function askable(declared: JsonObject, relays: readonly RelayKind[]): JsonObject {
  const { form, url } = elicitationModes(declared);
  const modes = {
    ...(form !== undefined && relays.includes('elicitation') ? { form } : {}),
    ...(url !== undefined && relays.includes('elicitation_url') ? { url } : {}),
  };
  const { sampling, roots } = declared;
  return {
    ...(Object.keys(modes).length > 0 ? { elicitation: modes } : {}),
    ...(isJsonObject(sampling) && relays.includes('sampling') ? { sampling } : {}),
    ...(isJsonObject(roots) && relays.includes('roots') ? { roots: {} } : {}),
  };
}

function isDeclared(relay: RelayKind, { declared, params }: { declared: JsonObject; params: JsonObject }) {
  const { form, url } = elicitationModes(declared);
  const { sampling, roots } = declared;
  switch (relay) {
    case 'elicitation':
      return form !== undefined;
    case 'elicitation_url':
      return url !== undefined;
    case 'sampling':
      return isJsonObject(sampling) && (params.tools === undefined || isJsonObject(sampling.tools));
    case 'roots':
      return isJsonObject(roots);
  }
}

/** Host and port, with one name for everything that is this machine. */
function placeOf({ hostname, port }: URL): string {
  const host = hostname.replace(/\.$/, '');
  return `${LOOPBACK.test(host) ? 'localhost' : host}:${port}`;
}

/** Why a person may not be sent to this page, or undefined. */
function pageProblem(params: JsonObject, publicOrigin: string): string | undefined {
  const url = typeof params.url === 'string' ? URL.parse(params.url) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    return 'its "url" is not an http(s) address';
  if (url.username !== '' || url.password !== '') return 'its "url" holds a user name or a password';
  if (placeOf(url) === placeOf(new URL(publicOrigin)))
    return 'its "url" leads to Countersign itself, where approvals are decided';
  const { elicitationId } = params;
  const isOurs = typeof elicitationId === 'string' && OWN_ELICITATION.test(elicitationId);
  return isOurs ? 'its "elicitationId" is of the form of Countersign’s own' : undefined;
}

/** The question with the name of the server in front of its text, and nothing else changed. */
function named(server: string, { method, params }: Utterance): Utterance {
  const front = `From the server ${server}`;
  const said = (text: unknown): string => (typeof text === 'string' ? `${front}: ${text}` : `${front}.`);
  const { _meta, ...rest } = params;
  const { progressToken: _token, ...meta } = isJsonObject(_meta) ? _meta : {};
  const kept = Object.keys(meta).length === 0 ? rest : { ...rest, _meta: meta };
  if (method === 'elicitation/create') return { method, params: { ...kept, message: said(params.message) } };
  if (method === 'sampling/createMessage')
    return { method, params: { ...kept, systemPrompt: said(params.systemPrompt) } };
  return { method, params: kept };
}

/** Judges a question of a server: by its kind, by config, by what the client declared, and by where it leads. */
export function question(asked: Utterance, rules: QuestionRules): Questioned {
  const { server, relays, declared, publicOrigin } = rules;
  const relay = kindOf(asked);
  if (relay === undefined) return denied(`${asked.method.slice(0, 100)} is nothing that a server may ask`);
  if (!relays.includes(relay))
    return denied(`config relays no such question of this server: add "${relay}" to its "relay" to allow it`);
  const { params } = asked;
  if (!isDeclared(relay, { declared, params })) return denied(`the client did not declare it can be asked`);
  if (params.task !== undefined) return denied('it asks for a task of the client, which is not relayed');
  const problem = relay === 'elicitation_url' ? pageProblem(params, publicOrigin) : undefined;
  if (problem !== undefined) return denied(problem);
  return { kind: 'relayed', relay, request: named(server, asked) };
}

function denied(reason: string): Questioned {
  return { kind: 'denied', reason };
}

/** What kind of answer this is; undefined for a result that no answer to such a question can be. */
export function answerKind(relay: RelayKind, answer: ConversationAnswer): AnswerKind | undefined {
  if ('error' in answer) return 'error';
  if (relay === 'sampling' || relay === 'roots') return 'result';
  const { action } = answer.result;
  return typeof action === 'string' && ACTIONS.has(action) ? (action as AnswerKind) : undefined;
}
