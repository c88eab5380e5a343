import { readFileSync } from 'node:fs';
import { isAlias, isNode, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { CountersignError, errorText } from '../core/errors.ts';
import type { JsonValue } from '../core/json.ts';
import { blankComments } from '../core/json-comments.ts';
import type { Path, Source } from '../downstream/source.ts';

const MAX_CHARACTERS = 4 * 1024 * 1024;

/**
 * Reads YAML or JSON text. Throws `config_invalid` with file and line for what is not well-formed: repeated keys,
 * aliases, tags, several documents, or anything that JSON cannot hold.
 */
export function parseSource(file: string, text: string): Source {
  const lines = new LineCounter();
  const lineAt = (offset: number) => lines.linePos(offset).line;
  const fail = (offset: number, problem: string, cause?: unknown): never => {
    throw new CountersignError('config_invalid', `${file}:${lineAt(offset)}: ${problem}`, { cause });
  };
  if (text.length > MAX_CHARACTERS) fail(0, `the file is longer than ${MAX_CHARACTERS} characters.`);
  const isJson = /\.jsonc?$/i.test(file);
  const document = parseDocument(isJson ? blankComments(text) : text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    schema: 'core',
    version: '1.2',
  });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined)
    fail(fault.pos[0], `${fault.message}${fault.message.endsWith('.') ? '' : '.'}`, fault);
  visit(document, {
    Alias: (_key, node) =>
      fail(node.range?.[0] ?? 0, 'aliases (*name) are not accepted; write the value out.'),
    Pair: (_key, { key }) => {
      if (isNode(key) && !(key.toJSON() !== null && typeof key.toJSON() === 'string')) {
        fail(key.range?.[0] ?? 0, 'a key must be a string; put it in quotes.');
      }
    },
  });
  const value = document.toJS() as JsonValue;

  function nodeAt(path: Path): Node | undefined {
    const node = path.length === 0 ? document.contents : document.getIn(path, true);
    return isNode(node) && !isAlias(node) ? node : undefined;
  }

  return {
    file,
    valueAt(path) {
      let at: JsonValue | undefined = value;
      for (const part of path) at = (at as Record<string | number, JsonValue> | null | undefined)?.[part];
      return at;
    },
    lineOf(path) {
      for (let length = path.length; length >= 0; length--) {
        const start = nodeAt(path.slice(0, length))?.range?.[0];
        if (start !== undefined) return lineAt(start);
      }
      return 1;
    },
  };
}

/** Reads a config file; throws `config_invalid` that says who asked for it when it cannot be read. */
export function readSource(file: string, askedBy: string): Source {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CountersignError(
      'config_invalid',
      `${file} (named by ${askedBy}) cannot be read: ${errorText(cause)}.`,
      { cause },
    );
  }
  return parseSource(file, text);
}
