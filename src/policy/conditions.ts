import { type ASTNode, Environment, serialize } from '@marcbachmann/cel-js';
import { RE2JS } from 're2js';
import { errorText } from '../core/errors.ts';
import { tooCostly } from './effort.ts';
import { calledName, type Shape, shapeOf, walk } from './expression.ts';
import type { Facts } from './facts.ts';
import { didYouMean } from './nearest.ts';
import { POLICY_LIMITS } from './rule.ts';

export const SESSION_FIELDS = {
  id: 'string',
  subject: 'string',
  labels: 'map<string, string>',
  age_seconds: 'int',
  calls: 'int',
} as const;

/** The variables of a condition and their CEL types; `args` and `session` are typed more closely when a policy is checked. */
export const VARIABLES: Readonly<Record<string, string>> = {
  args: 'map',
  tool: 'string',
  server: 'string',
  session: 'map',
  actor: 'string',
  action: 'string',
  resource: 'string',
  risk: 'string',
  budget: 'map',
  now: 'google.protobuf.Timestamp',
  now_weekday: 'string',
  history: 'dyn',
  metadata: 'map',
};

/** A condition that parses, type-checks and keeps to the limits. */
export interface Condition {
  readonly source: string;
  readonly ast: ASTNode;
  readonly shape: Shape;
  /** Throws on a missing key, a null, a wrong type, a result that is not a bool, or when it would cost too much. */
  holds(facts: Facts): boolean;
}

export interface ConditionProblem {
  readonly message: string;
  /** Offset into the expression. */
  readonly offset: number;
}

export interface Conditions {
  compile(source: string): Condition | ConditionProblem;
  /** The value of one sub-expression; for explanations. Throws as `holds` does. */
  valueOf(node: ASTNode, facts: Facts): unknown;
  /** Type-checks against narrower types than evaluation knows. */
  check(source: string, types: Readonly<Record<string, string>>): ConditionProblem | undefined;
}

type Schema = string | Readonly<Record<string, string>>;

export function isCondition(value: Condition | ConditionProblem): value is Condition {
  return 'holds' in value;
}

function offsetOf(error: unknown): number {
  const range = (error as { range?: { start?: number } }).range;
  return range?.start ?? 0;
}

function summaryOf(error: unknown): string {
  const summary = (error as { summary?: unknown }).summary;
  return typeof summary === 'string' ? summary : errorText(error);
}

function hintFor(summary: string): string {
  const variable = /^Unknown variable: (\w+)$/.exec(summary)?.[1];
  if (variable === undefined) return '';
  return didYouMean(variable, Object.keys(VARIABLES)) || ` Known: ${Object.keys(VARIABLES).join(', ')}.`;
}

/** The problem that a CEL error tells, without the library's drawing of the source. */
export function celProblem(error: unknown): ConditionProblem {
  const summary = summaryOf(error);
  return { message: `${summary}.${hintFor(summary)}`, offset: offsetOf(error) };
}

function environmentOf(types: Readonly<Record<string, Schema>>): Environment {
  const environment = new Environment({
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: POLICY_LIMITS.astNodes, maxDepth: 64, maxListElements: 200 },
  });
  for (const [name, type] of Object.entries({ ...VARIABLES, ...types })) {
    if (typeof type === 'string') environment.registerVariable(name, type);
    else environment.registerVariable({ name, schema: type as Record<string, string> });
  }
  return environment;
}

/** `matches` is a native RegExp and may take for ever; what a condition may not hold at all is found here. */
function forbidden(ast: ASTNode, patterns: Map<string, RE2JS>): ConditionProblem | undefined {
  for (const node of walk(ast)) {
    const called = calledName(node);
    if (called === 'matches') {
      return {
        message: 'matches() is not available, because it may take for ever; use re(text, "pattern").',
        offset: node.start,
      };
    }
    if (node.op !== 'call' || called !== 're') continue;
    const pattern = node.args[1][1];
    if (pattern === undefined) continue;
    if (pattern.op !== 'value' || typeof pattern.args !== 'string') {
      return { message: 're(): the pattern must be a string literal.', offset: pattern.start };
    }
    if (pattern.args.length > POLICY_LIMITS.regexCharacters) {
      return {
        message: `re(): the pattern is longer than ${POLICY_LIMITS.regexCharacters} characters.`,
        offset: pattern.start,
      };
    }
    try {
      if (!patterns.has(pattern.args)) patterns.set(pattern.args, RE2JS.compile(pattern.args));
    } catch (error) {
      return { message: `re(): ${errorText(error)} (RE2 syntax).`, offset: pattern.start };
    }
  }
  return undefined;
}

/**
 * A compiler of CEL conditions with its own cache of regular expressions. Conditions have no native regular
 * expressions, at most `POLICY_LIMITS.astNodes` nodes, `POLICY_LIMITS.macroNesting` nested macros, and run in
 * bounded time.
 */
export function createConditions(): Conditions {
  const patterns = new Map<string, RE2JS>();

  function re(text: string, pattern: string): boolean {
    if (text.length > POLICY_LIMITS.regexTextCharacters) {
      throw new RangeError(`re(): the text is longer than ${POLICY_LIMITS.regexTextCharacters} characters`);
    }
    const compiled = patterns.get(pattern);
    if (compiled === undefined) throw new RangeError('re(): the pattern was not compiled with the policy');
    return compiled.matcher(text).find();
  }
  function build(types: Readonly<Record<string, Schema>>): Environment {
    return environmentOf(types).registerFunction({
      signature: 're(string, string): bool',
      handler: re,
      async: false,
    });
  }
  const environment = build({});
  const strict = build({ session: SESSION_FIELDS });

  function compile(source: string): Condition | ConditionProblem {
    try {
      const parsed = environment.parse(source);
      const refused = forbidden(parsed.ast, patterns);
      if (refused !== undefined) return refused;
      const shape = shapeOf(parsed.ast);
      if (shape.nesting > POLICY_LIMITS.macroNesting) {
        return {
          message: `macros are nested ${shape.nesting} deep; at most ${POLICY_LIMITS.macroNesting} are allowed.`,
          offset: 0,
        };
      }
      const checked = strict.check(source);
      if (!checked.valid) return sessionProblem(checked.error);
      if (checked.type !== 'bool' && checked.type !== 'dyn') {
        return {
          message: `the condition is a ${checked.type}; expected a bool, such as args.amount_cents > 5000.`,
          offset: 0,
        };
      }
      const typed = parsed.check();
      if (!typed.valid) return celProblem(typed.error);
      return {
        source,
        ast: parsed.ast,
        shape,
        holds(facts) {
          const costly = shape.loops === 0 ? undefined : tooCostly(shape, facts.size());
          if (costly !== undefined) throw new RangeError(costly);
          const value: unknown = parsed(facts.context);
          if (typeof value !== 'boolean') throw new TypeError('the condition did not yield a bool');
          return value;
        },
      };
    } catch (error) {
      return celProblem(error);
    }
  }

  return {
    compile,
    valueOf(node, facts) {
      const source = serialize(node);
      const costly = tooCostly(shapeOf(node), facts.size());
      if (costly !== undefined) throw new RangeError(costly);
      return environment.parse(source)(facts.context);
    },
    check(source, types) {
      const checked = build({ session: SESSION_FIELDS, ...types }).check(source);
      return checked.valid ? undefined : celProblem(checked.error);
    },
  };
}

function sessionProblem(error: unknown): ConditionProblem {
  const problem = celProblem(error);
  const key = /^No such key: (\w+)\.$/.exec(problem.message)?.[1];
  if (key === undefined) return problem;
  const known = Object.keys(SESSION_FIELDS);
  return {
    ...problem,
    message: `session.${key} does not exist.${didYouMean(key, known) || ` Known: ${known.join(', ')}.`}`,
  };
}
