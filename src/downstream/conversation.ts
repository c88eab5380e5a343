import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Conversation, RelayKind, Utterance } from './catalog.ts';

/** Every kind of question, in the order in which they are told. */
export const RELAY_KINDS: readonly RelayKind[] = ['elicitation', 'elicitation_url', 'sampling', 'roots'];

/** The conversation of a call behind which nobody can be asked, such as that of an approved call. */
export const NOBODY: Conversation = {
  session: '',
  capabilities: {},
  ask: () => Promise.resolve({ error: { code: -32603, message: 'Nobody is there to be asked.' } }),
  tell: () => undefined,
};

/** Which kind of question a server's request is; undefined for what is no question. */
export function questionKind({ method, params }: Utterance): RelayKind | undefined {
  if (method === 'sampling/createMessage') return 'sampling';
  if (method === 'roots/list') return 'roots';
  if (method !== 'elicitation/create') return undefined;
  return params.mode === 'url' ? 'elicitation_url' : 'elicitation';
}

/** Whether client capabilities cover a kind of question. An `elicitation` without modes means forms (2025-06-18). */
export function canBeAsked(capabilities: JsonObject, kind: RelayKind): boolean {
  if (kind === 'sampling' || kind === 'roots') return isJsonObject(capabilities[kind]);
  const { elicitation } = capabilities;
  if (!isJsonObject(elicitation)) return false;
  if (kind === 'elicitation_url') return isJsonObject(elicitation.url);
  return isJsonObject(elicitation.form) || !isJsonObject(elicitation.url);
}

/** The client capabilities that stand for these kinds of questions. */
export function capabilitiesFor(kinds: readonly RelayKind[]): JsonObject {
  const form = kinds.includes('elicitation') ? { form: {} } : {};
  const url = kinds.includes('elicitation_url') ? { url: {} } : {};
  const elicitation = { ...form, ...url };
  return {
    ...(Object.keys(elicitation).length === 0 ? {} : { elicitation }),
    ...(kinds.includes('sampling') ? { sampling: {} } : {}),
    ...(kinds.includes('roots') ? { roots: {} } : {}),
  };
}
