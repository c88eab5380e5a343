import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
} from 'yaml';
import * as z from 'zod';
import { errorText } from '../core/errors.ts';
import { didYouMean } from './nearest.ts';
import { POLICY_LIMITS } from './rule.ts';

/** One file of a policy directory, as text. */
export interface PolicyFile {
  readonly name: string;
  readonly text: string;
}

/** Lines and columns count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing wrong with a policy file: where, what was expected, what to do. */
export interface PolicyProblem extends Position {
  readonly file: string;
  readonly message: string;
}

export type Path = readonly (string | number)[];

/** A YAML file that was read against a schema. `value` is absent when there are problems. */
export interface PolicyDocument<T> {
  readonly name: string;
  readonly value: T | undefined;
  readonly problems: readonly PolicyProblem[];
  /** Where the value at a path stands; the nearest parent when there is none. */
  at(path: Path): Position;
  /** Where a character of the string at a path stands in the file. */
  within(path: Path, offset: number): Position;
}

type JsonSchema = {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
};

function schemaAt(root: JsonSchema, path: Path): JsonSchema | undefined {
  const among = (given: JsonSchema | undefined, member: 'items' | 'properties'): JsonSchema | undefined => {
    const schema = given?.$ref === undefined ? given : root.$defs?.[given.$ref.slice('#/$defs/'.length)];
    return schema?.anyOf?.find((one) => one[member] !== undefined) ?? schema;
  };
  let schema: JsonSchema | undefined = root;
  for (const key of path) {
    const here = among(schema, typeof key === 'number' ? 'items' : 'properties');
    const extra = typeof here?.additionalProperties === 'object' ? here.additionalProperties : undefined;
    schema = typeof key === 'number' ? here?.items : (here?.properties?.[key] ?? extra);
  }
  return among(schema, 'properties');
}

/** The problems of the one form that was meant, where there is a choice of forms: the one that is this kind of value. */
function meant(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const form = issue.errors.find(
    (issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  );
  return form?.map((one) => ({ ...one, path: [...issue.path, ...one.path] })) ?? [issue];
}

/** `rules[0].approval.quorum`. */
export function pathText(path: Path): string {
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`))
    .join('');
}

interface Found {
  /** The node, or the nearest above it when `missing`. */
  readonly node: Node | null;
  readonly keyAt: number | undefined;
  readonly missing: boolean;
}

function nodeAt(doc: Document, path: Path): Found {
  let node: Node | null = doc.contents as Node | null;
  let keyAt: number | undefined;
  for (const key of path) {
    const here: Node | null | undefined = isAlias(node) ? node.resolve(doc) : node;
    if (isMap(here)) {
      const pair = here.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (pair === undefined) return { node, keyAt, missing: true };
      keyAt = isScalar(pair.key) ? pair.key.range?.[0] : undefined;
      if (!isNode(pair.value)) return { node, keyAt, missing: false };
      node = pair.value;
    } else if (isSeq(here)) {
      const item: unknown = here.items[Number(key)];
      if (!isNode(item)) return { node, keyAt, missing: true };
      node = item;
      keyAt = undefined;
    } else return { node, keyAt, missing: true };
  }
  return { node, keyAt, missing: false };
}

function scalarPosition(place: {
  text: string;
  node: Node | null;
  offset: number;
  position: (at: number) => Position;
}): Position {
  const { text, node, offset, position } = place;
  const [start, end] = node?.range ?? [0, 0];
  if (!isScalar(node) || typeof node.value !== 'string') return position(start);
  if (text.slice(start, end) === node.value) return position(start + offset);
  if (text.slice(start + 1, end - 1) === node.value) return position(start + 1 + offset);
  if (node.type !== 'BLOCK_LITERAL') return position(start);
  const before = node.value.slice(0, offset).split('\n');
  const contentAt = text.indexOf('\n', start) + 1;
  const indent = /^(?:[ \t]*\n)*( *)/.exec(text.slice(contentAt))?.[1]?.length ?? 0;
  return {
    line: position(start).line + before.length,
    column: indent + (before.at(-1) as string).length + 1,
  };
}

/** Reads one YAML file against a schema. Pure; every problem is collected with its place, none is thrown. */
export function readDocument<S extends z.ZodType>(file: PolicyFile, schema: S): PolicyDocument<z.infer<S>> {
  const { name, text } = file;
  const lines = new LineCounter();
  const doc = parseDocument(text.slice(0, POLICY_LIMITS.fileCharacters), {
    lineCounter: lines,
    prettyErrors: false,
    version: '1.2',
    logLevel: 'error',
  });
  const problems: PolicyProblem[] = [];

  function position(at: number): Position {
    const { line, col } = lines.linePos(at);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
  function report(at: Position, message: string): void {
    problems.push({ file: name, ...at, message });
  }
  function at(path: Path): Position {
    const { node, keyAt } = nodeAt(doc, path);
    return position(node?.range?.[0] ?? keyAt ?? 0);
  }
  function within(path: Path, offset: number): Position {
    return scalarPosition({ text, node: nodeAt(doc, path).node, offset, position });
  }
  function done(value?: z.infer<S>): PolicyDocument<z.infer<S>> {
    return { name, value, problems, at, within };
  }

  if (text.length > POLICY_LIMITS.fileCharacters) {
    report(
      { line: 1, column: 1 },
      `the file is larger than ${POLICY_LIMITS.fileCharacters} characters; split it`,
    );
    return done();
  }
  for (const issue of [...doc.errors, ...doc.warnings])
    report(position(issue.pos[0]), `not valid YAML: ${issue.message}`);
  if (problems.length > 0) return done();

  let raw: unknown;
  try {
    raw = doc.toJS({ maxAliasCount: 100 });
  } catch (error) {
    report({ line: 1, column: 1 }, `not usable YAML: ${errorText(error)}`);
    return done();
  }
  // To generate code for a schema costs more than the few files that it then reads save.
  const parsed = schema.safeParse(raw, { jitless: true });
  if (parsed.success) return done(parsed.data);
  const known = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  for (const issue of parsed.error.issues.flatMap(meant)) {
    const path = issue.path as Path;
    if (issue.code === 'unrecognized_keys') {
      const allowed = Object.keys(schemaAt(known, path)?.properties ?? {});
      for (const key of issue.keys) {
        const where = nodeAt(doc, [...path, key]).keyAt;
        const hint = didYouMean(key, allowed) || ` Known here: ${allowed.join(', ')}.`;
        report(
          where === undefined ? at(path) : position(where),
          `unknown key "${pathText([...path, key])}".${hint}`,
        );
      }
    } else {
      const name =
        path.length === 0 ? '' : `${pathText(path)}${nodeAt(doc, path).missing ? ' is missing' : ''}: `;
      report(at(path), `${name}${issue.message}`);
    }
  }
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  return done();
}

/** `file:line:column: message`, the form in which problems are shown. */
export function problemText(problem: PolicyProblem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`;
}
