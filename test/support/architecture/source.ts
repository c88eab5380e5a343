import { posix } from 'node:path';
import { type ESTree, type ParseResult, parseSync, Visitor, type VisitorObject } from 'vite';

/** Paths relative to the repository, with forward slashes, to the text of the file. */
export type Tree = ReadonlyMap<string, string>;

/** One broken rule, at one place. */
export interface Violation {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly detail: string;
}

/** One `import`, `export … from` or `import()`; `target` is the repository path for relative specifiers. */
export interface Import {
  readonly specifier: string;
  readonly target: string | undefined;
  readonly typeOnly: boolean;
  readonly line: number;
}

/** A parsed TypeScript file, with what the rules ask of it. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly program: ESTree.Program;
  readonly comments: ParseResult['comments'];
  readonly imports: readonly Import[];
  lineOf(offset: number): number;
  visit(visitor: VisitorObject): void;
}

interface Edge {
  readonly specifier: string;
  readonly typeOnly: boolean;
  readonly start: number;
}

function edgesOf(parsed: ParseResult, text: string): Edge[] {
  const edges: Edge[] = parsed.module.staticImports.map((one) => ({
    specifier: one.moduleRequest.value,
    typeOnly: one.entries.length > 0 && one.entries.every((entry) => entry.isType),
    start: one.start,
  }));
  for (const one of parsed.module.staticExports) {
    const source = one.entries.find((entry) => entry.moduleRequest !== null)?.moduleRequest;
    if (!source) continue;
    edges.push({
      specifier: source.value,
      typeOnly: one.entries.every((entry) => entry.isType),
      start: one.start,
    });
  }
  for (const one of parsed.module.dynamicImports) {
    const literal = /^['"](.*)['"]$/s.exec(text.slice(one.moduleRequest.start, one.moduleRequest.end));
    edges.push({ specifier: literal?.[1] ?? '(computed)', typeOnly: false, start: one.start });
  }
  return edges;
}

/** Parses one file. Throws when it is not TypeScript that parses. */
export function parseSource(path: string, text: string): Source {
  const parsed = parseSync(path, text);
  if (parsed.errors.length > 0)
    throw new Error(`${path}: ${parsed.errors.map((error) => error.message).join('; ')}`);
  const starts = [0, ...[...text.matchAll(/\n/g)].map((match) => match.index + 1)];
  const lineOf = (offset: number): number => starts.findLastIndex((start) => start <= offset) + 1;
  const imports = edgesOf(parsed, text).map(({ specifier, typeOnly, start }) => ({
    specifier,
    typeOnly,
    line: lineOf(start),
    target: specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined,
  }));
  return {
    path,
    text,
    program: parsed.program,
    comments: parsed.comments,
    imports,
    lineOf,
    visit: (visitor) => new Visitor(visitor).visit(parsed.program),
  };
}

/** The violation of `rule` at an offset of the file. */
export function violation(rule: string, source: Source, at: { start: number }, detail: string): Violation {
  return { rule, path: source.path, line: source.lineOf(at.start), detail };
}
