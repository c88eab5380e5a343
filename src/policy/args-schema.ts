import type { ASTNode } from '@marcbachmann/cel-js';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { CatalogTool } from '../downstream/catalog.ts';
import type { CompiledRule } from './combine.ts';
import type { CompiledPolicy } from './compile.ts';
import type { Condition, ConditionProblem, Conditions } from './conditions.ts';
import type { PolicyProblem } from './document.ts';
import { boundName, calledName, childrenOf } from './expression.ts';
import { targetMismatch } from './match.ts';
import { didYouMean } from './nearest.ts';

/** What `checkArgs` needs of a tool. */
export type ToolSchema = Pick<CatalogTool, 'server' | 'tool' | 'definition'>;

const SCALARS: Readonly<Record<string, string>> = { string: 'string', integer: 'int', boolean: 'bool' };
const OPEN_KEYWORDS = ['$ref', '$dynamicRef', 'patternProperties', 'anyOf', 'oneOf', 'allOf', 'if', 'not'];

/** The declared properties of an object schema; undefined when the schema may allow others. `$ref` is never followed. */
function closedProperties(schema: JsonValue | undefined): JsonObject | undefined {
  if (!isJsonObject(schema) || OPEN_KEYWORDS.some((keyword) => Object.hasOwn(schema, keyword)))
    return undefined;
  const { properties, additionalProperties } = schema;
  if (!isJsonObject(properties) || additionalProperties === true || isJsonObject(additionalProperties))
    return undefined;
  return properties;
}

/** The CEL type of a scalar or of a list of scalars; undefined for whatever conditions see untyped. */
function celType(schema: JsonValue | undefined): string | undefined {
  if (!isJsonObject(schema) || OPEN_KEYWORDS.some((keyword) => Object.hasOwn(schema, keyword)))
    return undefined;
  const { type } = schema;
  if (typeof type !== 'string') return undefined;
  return type === 'array' ? `list<${celType(schema.items) ?? 'dyn'}>` : SCALARS[type];
}

interface ArgumentPath {
  readonly path: readonly string[];
  /** The node of each key, the last being that of the whole path. */
  readonly nodes: readonly ASTNode[];
  /** Inside `has()`, which asks for a key and not for a value. */
  readonly presence: boolean;
}

function pathOf(node: ASTNode): Pick<ArgumentPath, 'path' | 'nodes'> | undefined {
  if (node.op === 'id') return node.args === 'args' ? { path: [], nodes: [] } : undefined;
  let key: string | undefined;
  if (node.op === '.') key = node.args[1];
  else if (node.op === '[]' && node.args[1].op === 'value' && typeof node.args[1].args === 'string')
    key = node.args[1].args;
  if (key === undefined || (node.op !== '.' && node.op !== '[]')) return undefined;
  const parent = pathOf(node.args[0]);
  return parent && { path: [...parent.path, key], nodes: [...parent.nodes, node] };
}

/** Every `args.a.b` of an expression, where `args` is not a macro's own variable. */
function argumentPaths(root: ASTNode): ArgumentPath[] {
  const found: ArgumentPath[] = [];
  function visit(node: ASTNode, presence: boolean): void {
    if (boundName(node)?.name === 'args') return;
    const here = pathOf(node);
    const inHas = presence || calledName(node) === 'has';
    if (here === undefined) for (const child of childrenOf(node)) visit(child, inHas);
    else if (here.path.length > 0) found.push({ ...here, presence });
  }
  visit(root, false);
  return found;
}

function schemaAt(inputSchema: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((schema, key) => closedProperties(schema)?.[key], inputSchema);
}

/**
 * Type-checks a condition with the declared types of the arguments that it reads. Each such path is replaced by a
 * variable of its type, padded to the same length so that places stay true.
 */
function mistyped(
  condition: Condition,
  context: { conditions: Conditions; inputSchema: JsonValue | undefined },
) {
  const types: Record<string, string> = {};
  let source = condition.source;
  for (const { path, nodes, presence } of argumentPaths(condition.ast)) {
    const type = presence ? undefined : celType(schemaAt(context.inputSchema, path));
    const node = nodes.at(-1);
    if (type === undefined || node === undefined) continue;
    const name = `_${Object.keys(types).length}`;
    types[name] = type;
    source = source.slice(0, node.start) + name.padEnd(node.end - node.start) + source.slice(node.end);
  }
  return Object.keys(types).length === 0 ? undefined : context.conditions.check(source, types);
}

interface Misspelling {
  readonly name: string;
  readonly offset: number;
  readonly known: readonly string[];
}

function misspelt(root: ASTNode, inputSchema: JsonValue | undefined): Misspelling[] {
  const wrong: Misspelling[] = [];
  for (const { path, nodes } of argumentPaths(root)) {
    let schema = inputSchema;
    for (const [depth, key] of path.entries()) {
      const properties = closedProperties(schema);
      if (properties === undefined) break;
      if (!Object.hasOwn(properties, key)) {
        wrong.push({
          name: `args.${path.slice(0, depth + 1).join('.')}`,
          offset: nodes[depth]?.start ?? 0,
          known: Object.keys(properties),
        });
        break;
      }
      schema = properties[key];
    }
  }
  return wrong;
}

function checkRule(
  rule: CompiledRule,
  context: { policy: CompiledPolicy; tools: readonly ToolSchema[] },
): PolicyProblem[] {
  const { condition } = rule;
  const { policy } = context;
  const reached = context.tools.filter(
    ({ server, tool }) => targetMismatch(rule.match, { kind: 'tool', server, tool }) === undefined,
  );
  if (condition === undefined || reached.length === 0) return [];
  const report = (offset: number, message: string): PolicyProblem => ({
    file: rule.place.file,
    ...rule.conditionAt(offset),
    message: `rule ${rule.place.rule}: when: ${message}`,
  });
  const first = reached[0] as ToolSchema;
  const whose =
    reached.length === 1
      ? `${first.server}/${first.tool}`
      : `the ${reached.length} tools that the rule matches`;

  const perTool = reached.map((tool) => misspelt(condition.ast, tool.definition.inputSchema));
  const everywhere = (perTool[0] ?? []).filter((one) =>
    perTool.every((list) => list.some((other) => other.name === one.name)),
  );
  if (everywhere.length > 0) {
    return everywhere.map((one) => {
      const known = [
        ...new Set(
          perTool.flatMap((list) =>
            list.filter((other) => other.name === one.name).flatMap((other) => other.known),
          ),
        ),
      ];
      const last = one.name.slice(one.name.lastIndexOf('.') + 1);
      const hint =
        didYouMean(last, known) ||
        (known.length === 0 ? ' It takes no arguments.' : ` Known: ${known.slice(0, 20).join(', ')}.`);
      return report(one.offset, `${one.name} is no argument of ${whose}.${hint}`);
    });
  }
  let mistake: ConditionProblem | undefined;
  for (const tool of reached) {
    const problem = mistyped(condition, {
      conditions: policy.conditions,
      inputSchema: tool.definition.inputSchema,
    });
    if (problem === undefined) return [];
    mistake ??= problem;
  }
  if (mistake === undefined) return [];
  return [
    report(mistake.offset, `${mistake.message} The arguments are typed by the inputSchema of ${whose}.`),
  ];
}

/**
 * Checks every condition against the inputSchema of the tools that its rule matches: a field that none of them has,
 * or a comparison that fits none of their types, is a problem. Rules that match no tool of the list are not judged.
 * Pure; `$ref` is never followed and open schemas accept everything.
 */
export function checkArgs(policy: CompiledPolicy, tools: readonly ToolSchema[]): PolicyProblem[] {
  return policy.rules
    .filter((rule) => rule.match.kinds.includes('tool'))
    .flatMap((rule) => checkRule(rule, { policy, tools }));
}
