import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { EntryDraft } from './entry.ts';

const WORD_CHARACTERS = 40;
/** Of one entry; a longer text is found by its first words. */
const WORDS_OF_ENTRY = 200;

/** Members of a body that hold what people and servers wrote. Of an allowed call there is none: it is the hot path. */
const TEXTS = ['reason', 'name', 'server', 'tool'] as const;

/**
 * The distinct words of a text, as a search takes them: letters and digits in a row, without case, in Unicode's
 * compatibility form, 40 characters each at most. A capital after a small letter begins a word.
 */
export function wordsOf(text: string): string[] {
  const parted = text.normalize('NFKC').replace(/(\p{Ll})(?=\p{Lu})/gu, '$1 ');
  const words = parted.toLowerCase().match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
  return [...new Set(words.map((word) => [...word].slice(0, WORD_CHARACTERS).join('')))];
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** What the person who decided gave as the reason; it stands inside what was signed. */
export function signedReason(body: JsonObject): string | undefined {
  if (typeof body.statement !== 'string') return undefined;
  try {
    const statement = JSON.parse(body.statement) as JsonValue;
    return isJsonObject(statement) && typeof statement.reason === 'string' ? statement.reason : undefined;
  } catch {
    return undefined;
  }
}

/** The words by which an entry is found, beside those of its action. */
export function entryWords({ type, body }: Pick<EntryDraft, 'type' | 'body'>): string[] {
  const parts: string[] = [];
  for (const member of TEXTS) if (typeof body[member] === 'string') parts.push(textOf(body[member]));
  if (type !== 'call.intent') parts.push(textOf(body.rule));
  if (type === 'approval.decided') parts.push(signedReason(body) ?? '');
  if (parts.length === 0) return [];
  return wordsOf(parts.join(' ')).slice(0, WORDS_OF_ENTRY);
}

/** The tool of a call's action; undefined for what is read and for operations. */
export function toolOf(action: string): string | undefined {
  const slash = action.indexOf('/');
  if (slash < 0 || action.startsWith('resource:') || action.startsWith('prompt:')) return undefined;
  return action.slice(slash + 1);
}

/** The words by which an action is found, and the whole name of its tool, marked by a slash that no word holds. */
export function actionWords(action: string): string[] {
  const tool = toolOf(action);
  return [...wordsOf(action), ...(tool === undefined ? [] : [`/${tool}`])];
}

/** `name=value` for every label that a session begins with; none for any other entry. */
export function labelsOf({ type, body }: Pick<EntryDraft, 'type' | 'body'>): string[] {
  if (type !== 'session.minted' && type !== 'session.narrowed') return [];
  if (!isJsonObject(body.labels)) return [];
  return Object.entries(body.labels).map(([name, value]) => `${name}=${textOf(value)}`);
}
