import { compilePolicy, tryCompile } from '../../src/policy/compile.ts';
import type { PolicyFile } from '../../src/policy/document.ts';
import type { PolicyInput } from '../../src/policy/verdict.ts';

export const NOW = Date.UTC(2026, 0, 5, 12);

/** A call of a tool; parts of it may be replaced. */
export function call(args: PolicyInput['args'] = {}, rest: Partial<PolicyInput> = {}): PolicyInput {
  return {
    kind: 'tool',
    server: 'shop',
    tool: 'pay',
    args,
    annotations: {},
    session: { id: 'ses_1', subject: 'ann', labels: {}, ageMs: 90_000, calls: 3 },
    actor: 'session:ses_1',
    resource: '',
    risk: '',
    budget: {},
    now: NOW,
    history: null,
    metadata: {},
    ...rest,
  };
}

/** A policy file whose rules are given as YAML flow mappings, one a line. */
export function file(rules: readonly string[], head = 'version: 1'): PolicyFile {
  return {
    name: 'p.yaml',
    text: `${head}\nrules:${rules.length === 0 ? ' []' : ''}\n${rules.map((rule) => `  - ${rule}\n`).join('')}`,
  };
}

export function policyOf(rules: readonly string[], head?: string) {
  return compilePolicy([file(rules, head)]);
}

/** A policy of one rule that allows when the condition holds. */
export function allowWhen(when: string) {
  return policyOf([`{ id: r, match: { tools: ["*"] }, effect: allow, when: ${JSON.stringify(when)} }`]);
}

/** The problems of one file's text as `line:column: message`. */
export function problemsOf(text: string): string[] {
  return tryCompile([{ name: 'p.yaml', text }]).problems.map(
    ({ line, column, message }) => `${line}:${column}: ${message}`,
  );
}
