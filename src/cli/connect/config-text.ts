import { canonicalize } from '../../core/canonical.ts';
import { CountersignError, errorText } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, parseStrict } from '../../core/json.ts';
import { blankComments } from '../../core/json-comments.ts';
import { type Span, sliceMembers } from '../../core/json-slice.ts';

/** One server under a member of an MCP client's file. */
export interface Placed {
  readonly key: string;
  readonly name: string;
  readonly entry: JsonObject;
}

interface Style {
  readonly indent: string;
  readonly newline: string;
}

function styleOf(text: string): Style {
  const indent = /\n([ \t]+)"/.exec(text)?.[1] ?? '  ';
  return { indent, newline: text.includes('\r\n') ? '\r\n' : '\n' };
}

function written(value: JsonObject, depth: number, { indent, newline }: Style): string {
  return JSON.stringify(value, null, indent).replaceAll('\n', newline + indent.repeat(depth));
}

function malformed(file: string, problem: string): CountersignError {
  const todo = 'Nothing was written. Repair the file, or name another with --file.';
  return new CountersignError('invalid_request', `${file}: ${problem} ${todo}`);
}

function parse(file: string, blanked: string): JsonObject {
  let value: unknown;
  try {
    value = parseStrict(blanked);
  } catch (error) {
    const offset = Number(/offset (\d+)/.exec(errorText(error))?.[1] ?? 0);
    const line = blanked.slice(0, offset).split('\n').length;
    throw malformed(
      `${file}:${line}`,
      'this is not well-formed JSON (comments are fine, trailing commas are not).',
    );
  }
  if (isJsonObject(value)) return value;
  throw malformed(file, 'expected an object.');
}

function spliced(text: string, { start, end }: Span, put: string): string {
  return text.slice(0, start) + put + text.slice(end);
}

/** Adds a member at the end of the object that stands at `object`, or sets it where it is there already. */
function withMember(
  text: string,
  blanked: string,
  input: { object: Span; depth: number; name: string; value: JsonObject; style: Style },
): string {
  const { object, depth, name, value, style } = input;
  const members = sliceMembers(blanked.slice(object.start, object.end)) ?? new Map<string, Span>();
  const there = members.get(name);
  const at = (offset: number) => object.start + offset;
  const body = written(value, depth, style);
  if (there !== undefined) return spliced(text, { start: at(there.start), end: at(there.end) }, body);
  const line = `${style.newline}${style.indent.repeat(depth)}${JSON.stringify(name)}: ${body}`;
  const last = [...members.values()].at(-1);
  if (last !== undefined) return spliced(text, { start: at(last.end), end: at(last.end) }, `,${line}`);
  const open = blanked.indexOf('{', object.start) + 1;
  const rest = blanked.slice(open, object.end);
  const closing = /^\s*\}/.test(rest) && !rest.slice(0, rest.indexOf('}')).includes('\n');
  const tail = closing ? `${style.newline}${style.indent.repeat(depth - 1)}` : '';
  return spliced(text, { start: open, end: open }, `${line}${tail}`);
}

/**
 * The text of a client's file with this one entry set; everything else stays byte for byte, comments too. `text` is
 * undefined for a file that is not there. Throws `invalid_request`, naming file and line, for what is no JSON object,
 * repeats a key, or has something else than an object under `key`.
 */
export function putEntry(file: string, text: string | undefined, { key, name, entry }: Placed): string {
  const isEmpty = text === undefined || text.trim() === '';
  const given = isEmpty ? '{}' : text.replace(/^\uFEFF/, '');
  const style = styleOf(given);
  const blanked = blankComments(given);
  const before = parse(file, blanked);
  const servers = before[key];
  if (servers !== undefined && !isJsonObject(servers))
    throw malformed(file, `expected an object under "${key}".`);
  const whole: Span = { start: blanked.indexOf('{'), end: blanked.length };
  const span = sliceMembers(blanked.slice(whole.start))?.get(key);
  const result =
    span === undefined
      ? withMember(given, blanked, { object: whole, depth: 1, name: key, value: { [name]: entry }, style })
      : withMember(given, blanked, {
          object: { start: whole.start + span.start, end: whole.start + span.end },
          depth: 2,
          name,
          value: entry,
          style,
        });
  const expected = { ...before, [key]: { ...servers, [name]: entry } };
  if (canonicalize(parse(file, blankComments(result))) !== canonicalize(expected)) {
    throw new CountersignError('internal', `${file}: the entry could not be added without touching others.`);
  }
  return isEmpty ? `${result}${style.newline}` : result;
}

/** Without what looks like a credential. */
export function masked(text: string): string {
  const shown = text.replaceAll(/(\bBearer\s+)[A-Za-z0-9._~+/=-]+/gi, '$1…');
  return shown.replaceAll(/\b(cst_|csa_|cs_)[A-Za-z0-9_-]{8,}/g, '$1…');
}

/** The lines that differ, `- ` before and `+ ` after, without credentials. */
export function changedLines(before: string | undefined, after: string): string[] {
  const linesOf = (text: string) => text.replace(/\r?\n$/, '').split(/\r?\n/);
  const [old, now] = [before === undefined ? [] : linesOf(before), linesOf(after)];
  let head = 0;
  while (head < Math.min(old.length, now.length) && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < Math.min(old.length, now.length) - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  return [
    ...old.slice(head, old.length - tail).map((line) => `- ${masked(line)}`),
    ...now.slice(head, now.length - tail).map((line) => `+ ${masked(line)}`),
  ];
}
