import { sha256Hex } from '../core/digest.ts';
import { CountersignError } from '../core/errors.ts';
import { approvalProblems, approvalTerms } from './approval-terms.ts';
import type { CompiledRule } from './combine.ts';
import { type Condition, type Conditions, createConditions, isCondition } from './conditions.ts';
import { contradictions } from './contradiction.ts';
import {
  type Path,
  type PolicyDocument,
  type PolicyFile,
  type PolicyProblem,
  pathText,
  problemText,
  readDocument,
} from './document.ts';
import { createEvaluator, type Evaluator, type RuleSet } from './evaluate.ts';
import { type PolicyFileShape, policyFileSchema, type RuleShape } from './rule.ts';
import { parseDuration } from './yaml-value.ts';

/** A whole policy: immutable, and its version names every byte that it was made of. */
export interface CompiledPolicy extends RuleSet, Evaluator {
  readonly files: readonly string[];
  /** The exact texts, sorted by name. */
  readonly sources: readonly PolicyFile[];
  /** For checks and explanations of this policy's conditions. */
  readonly conditions: Conditions;
}

type Loaded = PolicyDocument<PolicyFileShape> & { readonly value: PolicyFileShape };
type Defaults = NonNullable<PolicyFileShape['defaults']>;
type Report = (problem: PolicyProblem) => void;

const RETAIN_MAX_MS = 36_500 * 86_400_000;

const KEPT_TOO_LONG = 'expected at most 36500d; to keep things for ever, leave this out';

function keptTooLong(retain: string | undefined): boolean {
  return (parseDuration(retain ?? '') ?? 0) > RETAIN_MAX_MS;
}

function byName(a: PolicyFile, b: PolicyFile): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** `sha256:` and the hash over the sorted names and contents; equal exactly when every file is. */
export function policyVersion(files: readonly PolicyFile[]): string {
  const sorted = [...files].sort(byName).map(({ name, text }) => [name, text]);
  return `sha256:${sha256Hex(JSON.stringify(sorted))}`;
}

function readDefaults(documents: readonly Loaded[], report: Report): Defaults {
  let found: Loaded | undefined;
  for (const document of documents) {
    const { defaults } = document.value;
    if (defaults === undefined) continue;
    const where = (field: Path) => ({
      file: document.name,
      ...document.at(['defaults', ...field]),
    });
    if (found === undefined) found = document;
    else
      report({
        ...where([]),
        message: `defaults stand in ${found.name} already; they are for the whole policy, so keep them in one file`,
      });
    const terms = approvalTerms(undefined, defaults.approval);
    for (const { path, message } of approvalProblems(defaults.approval, { terms, inRule: false }))
      report({ ...where(['approval', ...path]), message: `defaults.approval.${pathText(path)}: ${message}` });
    if (keptTooLong(defaults.retain))
      report({ ...where(['retain']), message: `defaults.retain: ${KEPT_TOO_LONG}` });
  }
  return found?.value.defaults ?? {};
}

function compileRule(
  shape: RuleShape,
  place: { document: Loaded; index: number; defaults: Defaults; conditions: Conditions; report: Report },
): CompiledRule {
  const { document, index, defaults, conditions, report } = place;
  const path = ['rules', index] as const;
  const complain = (field: Path, message: string) =>
    report({
      file: document.name,
      ...document.at([...path, ...field]),
      message: `rule ${shape.id}: ${pathText(field)}: ${message}`,
    });

  const terms = approvalTerms(shape.approval, defaults.approval);
  for (const problem of approvalProblems(shape.approval, { terms, inRule: true }))
    complain(['approval', ...problem.path], problem.message);
  if (keptTooLong(shape.retain)) complain(['retain'], KEPT_TOO_LONG);
  if (shape.trust_annotations === true && shape.effect !== 'allow') {
    complain(['trust_annotations'], 'only an allow rule can trust annotations; a stricter rule needs none');
  }
  if (shape.intent === 'parallel' && shape.read_only !== true) {
    complain(['intent'], 'parallel is for rules with read_only: true; every other intent is written first');
  }
  let condition: Condition | undefined;
  if (shape.when !== undefined) {
    const compiled = conditions.compile(shape.when);
    if (isCondition(compiled)) condition = compiled;
    else {
      const at = document.within([...path, 'when'], compiled.offset);
      report({ file: document.name, ...at, message: `rule ${shape.id}: when: ${compiled.message}` });
    }
  }
  const names = new Set<string>();
  for (const [at, limit] of (shape.limits ?? []).entries()) {
    if (names.has(limit.name)) complain(['limits', at], `the limit "${limit.name}" stands twice`);
    names.add(limit.name);
  }
  const { match } = shape;
  return {
    place: { rule: shape.id, file: document.name, line: document.at([...path, 'id']).line },
    match: {
      tools: match.tools,
      kinds: match.kinds ?? ['tool'],
      servers: match.servers,
      subjects: match.subjects,
      labels: match.labels,
    },
    condition,
    conditionAt: (offset) => document.within([...path, 'when'], offset),
    effect: shape.effect,
    onError: shape.on_error ?? defaults.on_error ?? 'hold',
    risk: shape.risk ?? (shape.effect === 'allow' ? 'low' : 'medium'),
    shadow: (shape.mode ?? defaults.mode ?? 'enforce') === 'shadow',
    reason: shape.reason,
    approval: terms,
    retainMs: parseDuration(shape.retain ?? defaults.retain ?? ''),
    limits: (shape.limits ?? []).map((limit) => ({
      name: limit.name,
      per: limit.per,
      max: limit.max,
      window: limit.window,
      windowMs: parseDuration(limit.window) ?? 0,
      onExceed: limit.on_exceed,
    })),
    redact: shape.redact ?? [],
    readOnly: shape.read_only,
    parallelIntent: shape.intent === undefined ? undefined : shape.intent === 'parallel',
    idempotent: shape.idempotent,
    trustAnnotations: shape.trust_annotations ?? false,
  };
}

/** Compiles files to a policy, or tells every problem; all or nothing, nothing is thrown. */
export function tryCompile(files: readonly PolicyFile[]): {
  policy?: CompiledPolicy;
  problems: readonly PolicyProblem[];
} {
  const problems: PolicyProblem[] = [];
  const report: Report = (problem) => problems.push(problem);
  const sorted = [...files].sort(byName);
  if (sorted.length === 0)
    report({
      file: '.',
      line: 1,
      column: 1,
      message: 'there is no policy file; expected at least one *.yaml',
    });
  const loaded: Loaded[] = [];
  for (const file of sorted) {
    const document = readDocument(file, policyFileSchema);
    problems.push(...document.problems);
    if (document.value !== undefined) loaded.push(document as Loaded);
  }
  const defaults = readDefaults(loaded, report);
  const conditions = createConditions();
  const rules: CompiledRule[] = [];
  const seen = new Map<string, CompiledRule>();
  for (const document of loaded) {
    for (const [index, shape] of (document.value.rules ?? []).entries()) {
      const rule = compileRule(shape, { document, index, defaults, conditions, report });
      const twin = seen.get(shape.id);
      if (twin !== undefined) {
        const at = document.at(['rules', index, 'id']);
        report({
          file: document.name,
          ...at,
          message: `rule ${shape.id}: the id stands at ${twin.place.file}:${twin.place.line} already; ids name a rule in the ledger`,
        });
      }
      seen.set(shape.id, rule);
      rules.push(rule);
    }
  }
  problems.push(...contradictions(rules));
  if (problems.length > 0) return { problems };
  const set: RuleSet = {
    version: policyVersion(files),
    rules,
    defaults: {
      effect: defaults.effect ?? 'hold',
      approval: approvalTerms(undefined, defaults.approval),
      retainMs: parseDuration(defaults.retain ?? ''),
    },
  };
  return {
    policy: {
      ...set,
      ...createEvaluator(set),
      files: sorted.map((file) => file.name),
      sources: sorted,
      conditions,
    },
    problems,
  };
}

/** The error for a policy that cannot be used; it lists every problem. */
export function policyError(problems: readonly PolicyProblem[]): CountersignError {
  const list = problems.map((problem) => `  ${problemText(problem)}`).join('\n');
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new CountersignError(
    'policy_invalid',
    `The policy has ${count}. Correct it and try again; nothing of it is in force.\n${list}`,
    {
      fields: problems.map((problem) => ({
        field: `${problem.file}:${problem.line}:${problem.column}`,
        expected: problem.message,
      })),
    },
  );
}

/** Compiles files to a policy; throws `policy_invalid` that lists every problem as `file:line:column: message`. */
export function compilePolicy(files: readonly PolicyFile[]): CompiledPolicy {
  const { policy, problems } = tryCompile(files);
  if (policy === undefined) throw policyError(problems);
  return policy;
}
