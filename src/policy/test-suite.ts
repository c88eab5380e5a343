import * as z from 'zod';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { authenticatorSchema, escalationSchema } from './approval-schema.ts';
import { authenticatorTerms, escalationsOf } from './approval-terms.ts';
import { isTestFileName } from './check.ts';
import { type CompiledPolicy, policyError } from './compile.ts';
import { type PolicyFile, type PolicyProblem, type Position, readDocument } from './document.ts';
import { loadPolicy, readPolicyDirectory } from './load.ts';
import { nearest } from './nearest.ts';
import type { PolicyInput, Verdict } from './verdict.ts';
import { duration, parseDuration } from './yaml-value.ts';

/** Monday noon, UTC: the time of a test that names none. */
const DEFAULT_NOW = '2026-01-05T12:00:00Z';

const object = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  { error: 'expected a block of key: value' },
);
const word = z.string({ error: 'expected text' });
const count = z.int({ error: 'expected a whole number' }).min(0, { error: 'expected a whole number from 0' });
const effects = z.enum(['allow', 'hold', 'deny'], { error: 'expected allow, hold or deny' });
const risks = z.enum(['low', 'medium', 'high', 'critical'], {
  error: 'expected low, medium, high or critical',
});

const inputSchema = z.strictObject(
  {
    kind: z
      .enum(['tool', 'resource', 'prompt', 'action'], { error: 'expected tool, resource, prompt or action' })
      .optional(),
    server: word.optional(),
    tool: word,
    args: object.optional(),
    annotations: object.optional(),
    session: z
      .strictObject({
        id: word.optional(),
        subject: word.optional(),
        labels: z.record(z.string(), word, { error: 'expected label: value pairs' }).optional(),
        age: word
          .refine((text) => parseDuration(text) !== undefined, { error: 'expected a duration such as 30m' })
          .optional(),
        calls: count.optional(),
      })
      .optional(),
    actor: word.optional(),
    resource: word.optional(),
    risk: risks.optional(),
    budget: z
      .record(z.string(), z.number({ error: 'expected a number' }), { error: 'expected name: number pairs' })
      .optional(),
    history: z.custom<JsonValue>((value) => value !== undefined).optional(),
    metadata: object.optional(),
  },
  { error: 'expected a block with server:, tool: and, if wanted, args:, session:' },
);

export const testFileSchema = z.strictObject(
  {
    tests: z
      .array(
        z.strictObject(
          {
            name: word,
            now: word
              .refine((text) => !Number.isNaN(Date.parse(text)), {
                error: `expected a time such as ${DEFAULT_NOW}`,
              })
              .optional(),
            input: inputSchema,
            expect: z.strictObject(
              {
                effect: effects,
                rule: word.optional().meta({ description: 'The deciding rule, or "default".' }),
                risk: risks.optional(),
                groups: z.array(word).optional(),
                quorum: count.optional(),
                escalate: z.array(escalationSchema).optional(),
                authenticator: authenticatorSchema.optional(),
                dpop: z.boolean().optional(),
                retain: duration().optional(),
                read_only: z.boolean().optional(),
                redact: z.array(word).optional(),
                shadow: z
                  .array(word)
                  .optional()
                  .meta({ description: 'Shadow rules that would have changed the verdict.' }),
              },
              { error: 'expected a block with effect: and, if wanted, rule:, risk:' },
            ),
          },
          { error: 'expected a test: name, input, expect' },
        ),
        { error: 'expected a list of tests' },
      )
      .min(1, { error: 'expected at least one test' }),
  },
  { error: 'expected a test file: tests' },
);

type TestShape = z.infer<typeof testFileSchema>['tests'][number];

export interface PolicyTestResult extends Position {
  readonly file: string;
  readonly name: string;
  readonly ok: boolean;
  /** One line for each expectation that was not met. */
  readonly failures: readonly string[];
}

export interface PolicyTestReport {
  readonly ok: boolean;
  readonly passed: number;
  readonly failed: number;
  readonly results: readonly PolicyTestResult[];
}

/** The call that a test describes. Pure: the clock is the test's own. */
export function testInput(shape: Pick<TestShape, 'input' | 'now'>): PolicyInput {
  const { input, now = DEFAULT_NOW } = shape;
  const { session = {} } = input;
  return {
    kind: input.kind ?? 'tool',
    server: input.server ?? '',
    tool: input.tool,
    args: input.args ?? {},
    annotations: input.annotations ?? {},
    session: {
      id: session.id ?? 'ses_test',
      subject: session.subject ?? 'default',
      labels: session.labels ?? {},
      ageMs: parseDuration(session.age ?? '') ?? 0,
      calls: session.calls ?? 0,
    },
    actor: input.actor ?? 'session:ses_test',
    resource: input.resource ?? '',
    risk: input.risk ?? '',
    budget: input.budget ?? {},
    now: Date.parse(now),
    history: input.history ?? null,
    metadata: input.metadata ?? {},
  };
}

function failuresOf(expect: TestShape['expect'], verdict: Verdict): string[] {
  const decided = verdict.decidedBy?.rule ?? 'default';
  const pairs: [name: string, expected: unknown, found: unknown][] = [
    ['effect', expect.effect, verdict.effect],
    ['rule', expect.rule, decided],
    ['risk', expect.risk, verdict.risk],
    ['groups', expect.groups, verdict.approval?.groups],
    ['quorum', expect.quorum, verdict.approval?.quorum],
    ['escalate', expect.escalate && escalationsOf(expect.escalate), verdict.approval?.escalations],
    [
      'authenticator',
      expect.authenticator && authenticatorTerms(expect.authenticator),
      verdict.approval?.authenticator,
    ],
    ['dpop', expect.dpop, verdict.approval?.capability.dpop],
    ['retain', expect.retain && parseDuration(expect.retain), verdict.retainMs],
    ['read_only', expect.read_only, verdict.readOnly],
    ['redact', expect.redact, verdict.redact],
    ['shadow', expect.shadow, verdict.shadow.map((place) => place.rule)],
  ];
  return pairs
    .filter(
      ([, expected, found]) => expected !== undefined && JSON.stringify(expected) !== JSON.stringify(found),
    )
    .map(
      ([name, expected, found]) =>
        `${name}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)} (${verdict.reason})`,
    );
}

/** Runs test files against a policy. Throws `policy_invalid` when a test file itself is malformed or names no known rule. */
export function runTestFiles(policy: CompiledPolicy, files: readonly PolicyFile[]): PolicyTestReport {
  const problems: PolicyProblem[] = [];
  const results: PolicyTestResult[] = [];
  const known = ['default', ...policy.rules.map((rule) => rule.place.rule)];
  for (const file of files) {
    const document = readDocument(file, testFileSchema);
    problems.push(...document.problems);
    for (const [index, test] of (document.value?.tests ?? []).entries()) {
      const { rule } = test.expect;
      if (rule !== undefined && !known.includes(rule)) {
        const near = nearest(rule, known);
        const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
        const at = document.at(['tests', index, 'expect', 'rule']);
        problems.push({
          file: file.name,
          ...at,
          message: `tests[${index}].expect.rule: there is no rule "${rule}".${hint}`,
        });
      }
      const failures = failuresOf(test.expect, policy.evaluate(testInput(test)));
      results.push({
        file: file.name,
        ...document.at(['tests', index]),
        name: test.name,
        ok: failures.length === 0,
        failures,
      });
    }
  }
  if (problems.length > 0) throw policyError(problems);
  const failed = results.filter((result) => !result.ok).length;
  return { ok: failed === 0, passed: results.length - failed, failed, results };
}

/** Loads a policy directory and runs every `*_test.yaml` in it. Throws `policy_invalid` as `loadPolicy` does. */
export async function runPolicyTests(dir: string): Promise<PolicyTestReport> {
  const policy = await loadPolicy(dir);
  return runTestFiles(policy, await readPolicyDirectory(dir, isTestFileName));
}
