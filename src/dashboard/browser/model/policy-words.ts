import { isJsonObject, type JsonObject, parseStrict } from '../../../core/json.ts';
import type { JudgedCount } from '../../../sdk/overview.ts';
import type { ExplainInput, PolicySet } from '../../../sdk/policies.ts';
import type { ShadowReport } from '../../../sdk/recorded-calls.ts';
import { totalOf } from './overview-words.ts';

export type Rule = PolicySet['rules'][number];

/** A rule, how often it decided, and what it would have decided if it were more than watched. */
export interface RuleLine {
  readonly rule: Rule;
  readonly hits: number;
  readonly shadow: ShadowReport['rules'][number] | undefined;
}

/** The rules of each file in their order, with what became of them. */
export function rulesByFile(
  policy: Pick<PolicySet, 'files' | 'rules'>,
  found: { readonly counts: readonly JudgedCount[]; readonly shadow: ShadowReport | undefined },
): readonly { readonly file: string; readonly lines: readonly RuleLine[] }[] {
  const hits = new Map(found.counts.map((count) => [count.value, totalOf(count)]));
  const shadows = new Map((found.shadow?.rules ?? []).map((one) => [one.rule, one]));
  return policy.files.map(({ name }) => ({
    file: name,
    lines: policy.rules
      .filter(({ file }) => file === name)
      .map((rule) => ({
        rule,
        hits: hits.get(rule.rule) ?? 0,
        shadow: rule.shadow ? shadows.get(rule.rule) : undefined,
      })),
  }));
}

function sampleOf(schema: unknown): JsonObject[string] {
  const { type, enum: choices } = isJsonObject(schema as never) ? (schema as JsonObject) : {};
  if (Array.isArray(choices)) return choices[0] ?? null;
  if (type === 'integer' || type === 'number') return 0;
  if (type === 'boolean') return false;
  if (type === 'array') return [];
  return type === 'object' ? {} : '';
}

/** Arguments to begin with: every required one, empty. */
export function sampleArgs(inputSchema: unknown): string {
  const { properties, required } = (inputSchema ?? {}) as { properties?: JsonObject; required?: unknown };
  const names = Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
  const args = Object.fromEntries(names.map((name) => [name, sampleOf(properties?.[name])]));
  return JSON.stringify(args, undefined, 2);
}

/** What is asked for by a filled-in form. Throws an `Error` that names the field. */
export function explainInputFrom(typed: {
  readonly server: string;
  readonly tool: string;
  readonly args: string;
  readonly subject: string;
  readonly labels: Readonly<Record<string, string>>;
}): ExplainInput {
  const args = typed.args.trim() === '' ? {} : readArgs(typed.args);
  const subject = typed.subject.trim();
  const session = { ...(subject === '' ? {} : { subject }), labels: typed.labels };
  return { server: typed.server, tool: typed.tool, args, session };
}

function readArgs(text: string): JsonObject {
  try {
    const value = parseStrict(text);
    if (isJsonObject(value)) return value;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Arguments: ${why}`, { cause });
  }
  throw new Error('Arguments: expected a JSON object, such as {"amount_cents": 7500}.');
}
