import type { ASTNode } from '@marcbachmann/cel-js';

const LOOPS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/** The nodes directly below a node, macros unexpanded. */
export function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'list':
      return node.args;
    case 'map':
      return node.args.flat();
    case '!_':
    case '-_':
      return [node.args];
    default:
      return node.args;
  }
}

/** The name that a macro binds (`x` in `list.all(x, …)` and `cel.bind(x, …)`), or undefined for any other node. */
export function boundName(
  node: ASTNode,
): { name: string; body: readonly ASTNode[]; outside: readonly ASTNode[] } | undefined {
  if (node.op !== 'rcall') return undefined;
  const [method, receiver, args] = node.args;
  const [first, ...rest] = args;
  if (first?.op !== 'id') return undefined;
  if (LOOPS.has(method) && rest.length >= 1) return { name: first.args, body: rest, outside: [receiver] };
  const isBind = method === 'bind' && receiver.op === 'id' && receiver.args === 'cel';
  if (isBind && rest.length === 2)
    return { name: first.args, body: rest.slice(1), outside: rest.slice(0, 1) };
  return undefined;
}

/** The function or method that a node calls. */
export function calledName(node: ASTNode): string | undefined {
  return node.op === 'call' || node.op === 'rcall' ? node.args[0] : undefined;
}

/** Every node of a tree, parents first. */
export function* walk(node: ASTNode): Generator<ASTNode> {
  yield node;
  for (const child of childrenOf(node)) yield* walk(child);
}

/** Every variable that an expression names, its own loop variables among them. */
export function namesIn(root: ASTNode): ReadonlySet<string> {
  const names = new Set<string>();
  for (const node of walk(root)) if (node.op === 'id') names.add(node.args);
  return names;
}

/** The keys of `args.a["b"]`; `any` where one of them is computed; undefined for what is no path from this variable. */
function keysFrom(name: string, node: ASTNode): readonly string[] | 'any' | undefined {
  if (node.op === 'id') return node.args === name ? [] : undefined;
  const isField = node.op === '.' || node.op === '.?';
  if (!isField && node.op !== '[]' && node.op !== '[?]') return undefined;
  const outer = keysFrom(name, node.args[0]);
  if (outer === undefined || outer === 'any') return outer;
  const key = node.args[1];
  if (typeof key === 'string') return [...outer, key];
  return key.op === 'value' ? [...outer, String(key.args)] : 'any';
}

/** The paths by which an expression reads a variable, as keys from it; the empty one where it may read all of it. */
export function pathsFrom(name: string, node: ASTNode): readonly (readonly string[])[] {
  const keys = keysFrom(name, node);
  if (keys === undefined) return childrenOf(node).flatMap((child) => pathsFrom(name, child));
  return [keys === 'any' ? [] : keys];
}

/** `args` of `args.a["b"].c`; undefined for anything that is more than a path. */
function pathRoot(node: ASTNode): string | undefined {
  if (node.op === 'id') return node.args;
  if (node.op === '.') return pathRoot(node.args[0]);
  return node.op === '[]' && node.args[1].op === 'value' ? pathRoot(node.args[0]) : undefined;
}

/** How an expression loops, found once when it is compiled. */
export interface Shape {
  /** Macros that stand inside each other, `cel.bind` included. */
  readonly nesting: number;
  /** Loops that stand inside each other. */
  readonly loops: number;
  /** A loop inside a loop runs over something else than the outer one's element. */
  readonly crosses: boolean;
  /** Some loop's body reads more than the element: each turn may cost as much as the whole input. */
  readonly open: boolean;
  readonly splits: boolean;
  readonly usesRegex: boolean;
}

/** Measures an expression; `bound` are the loop variables around it. */
export function shapeOf(root: ASTNode): Shape {
  let nesting = 0;
  let loops = 0;
  let crosses = false;
  let open = false;
  let splits = false;
  let usesRegex = false;
  function visit(
    node: ASTNode,
    scope: { depth: number; loops: number; elements: ReadonlySet<string> },
  ): void {
    const macro = boundName(node);
    const called = calledName(node);
    if (called === 'split') splits = true;
    if (called === 're') usesRegex = true;
    if (node.op === 'id' && scope.loops > 0 && !scope.elements.has(node.args)) open = true;
    if (macro === undefined) {
      for (const child of childrenOf(node)) visit(child, scope);
      return;
    }
    const isLoop = called !== 'bind';
    const inner = {
      depth: scope.depth + 1,
      loops: scope.loops + (isLoop ? 1 : 0),
      elements: new Set(scope.elements),
    };
    nesting = Math.max(nesting, inner.depth);
    loops = Math.max(loops, inner.loops);
    for (const child of macro.outside) {
      const root = isLoop ? pathRoot(child) : undefined;
      if (root === undefined) visit(child, scope);
      else if (scope.loops > 0 && !scope.elements.has(root)) crosses = true;
    }
    if (isLoop) inner.elements.add(macro.name);
    else inner.elements.delete(macro.name);
    for (const child of macro.body) visit(child, inner);
  }
  visit(root, { depth: 0, loops: 0, elements: new Set() });
  return { nesting, loops, crosses, open, splits, usesRegex };
}
