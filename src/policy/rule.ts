import * as z from 'zod';
import { approvalSchema } from './approval-schema.ts';
import type { Effect, Risk } from './verdict.ts';
import { BLOCK, duration, flag, listOf, oneOf, textOf, whole } from './yaml-value.ts';

/** The bounds of policy files and conditions, units in the names. */
export const POLICY_LIMITS = {
  fileCharacters: 1024 * 1024,
  rules: 2_000,
  conditionCharacters: 4_000,
  astNodes: 500,
  macroNesting: 2,
  regexCharacters: 256,
  regexTextCharacters: 64 * 1024,
  argumentNodes: 200_000,
  cachedTargets: 10_000,
} as const;

const effect = () => oneOf('allow', 'hold', 'deny');
const onError = () => oneOf('hold', 'deny');
const mode = () => oneOf('enforce', 'shadow');
const risk = () => oneOf('low', 'medium', 'high', 'critical');
const glob = () =>
  textOf(
    /^[\x21-\x7e]{1,500}$/,
    'expected a pattern of printable ASCII without spaces, such as "sandbox/payments_*"',
  );
const sentence = () =>
  z
    .string({ error: 'expected one sentence' })
    .min(1, { error: 'expected one sentence' })
    .max(500, { error: 'expected at most 500 characters' });
const retain = () =>
  duration().meta({
    description:
      'How long arguments and results are kept, at most 36500d; the shortest of all rules. Default: for ever.',
  });

const limitSchema = z.strictObject(
  {
    name: textOf(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'expected a name such as refunds'),
    per: oneOf('session', 'subject'),
    max: whole(1, 100_000),
    window: duration(),
    on_exceed: onError(),
  },
  { error: BLOCK },
);

const ruleSchema = z.strictObject(
  {
    id: textOf(
      /^[a-z0-9][a-z0-9._-]{0,99}$/,
      'expected an id of lower-case letters, digits, "-", "_" and ".", such as refund-over-threshold',
    ),
    description: sentence().optional(),
    match: z.strictObject(
      {
        tools: listOf(glob(), 'expected a list of at least one pattern such as ["sandbox/payments_*"]').meta({
          description:
            'server/tool, server.tool or tool, with * for any run of characters. For resources server/uri, for prompts server/name, for actions the name.',
        }),
        kinds: listOf(
          oneOf('tool', 'resource', 'prompt', 'action'),
          'expected a list of tool, resource, prompt or action',
        )
          .optional()
          .meta({ description: 'Default [tool].' }),
        servers: listOf(glob(), 'expected a list of server names').optional(),
        subjects: listOf(glob(), 'expected a list of subjects')
          .optional()
          .meta({ description: 'The end users on whose behalf the session acts.' }),
        labels: z
          .record(z.string(), glob(), { error: 'expected label: pattern pairs' })
          .optional()
          .meta({ description: 'Every label must be on the session and match.' }),
      },
      { error: 'expected a block with tools: and, if wanted, kinds:, servers:, subjects:, labels:' },
    ),
    when: z
      .string({ error: 'expected a CEL expression' })
      .min(1, { error: 'expected a CEL expression' })
      .max(POLICY_LIMITS.conditionCharacters, {
        error: `expected at most ${POLICY_LIMITS.conditionCharacters} characters`,
      })
      .optional()
      .meta({
        description:
          'A CEL condition over args, tool, server, session, actor, action, resource, risk, budget, now, now_weekday, history, metadata.',
      }),
    effect: effect(),
    risk: risk().optional(),
    mode: mode().optional().meta({ description: 'shadow records what the rule would have done.' }),
    reason: sentence()
      .optional()
      .meta({ description: 'Shown to agents and approvers. Default: names the rule.' }),
    approval: approvalSchema.optional(),
    limits: z
      .array(limitSchema, { error: 'expected a list of limits' })
      .max(20, { error: 'expected at most 20 limits' })
      .optional(),
    redact: z
      .array(
        textOf(
          /^(result:)?(\/([^~/]|~[01])*)+$/,
          'expected a JSON Pointer such as /card_number or "result:/receipt/pan"',
        ),
        { error: 'expected a list of JSON Pointers' },
      )
      .max(200, { error: 'expected at most 200 pointers' })
      .optional()
      .meta({
        description: 'JSON Pointers into the arguments, or result: and a pointer, hidden in views and logs.',
      }),
    retain: retain().optional(),
    read_only: flag()
      .optional()
      .meta({ description: 'The operator vouches that the tool only reads. false vetoes another rule.' }),
    intent: z.enum(['first', 'parallel'], { error: 'expected first or parallel' }).optional().meta({
      description:
        'parallel, for read_only tools: the call leaves while its intent is being written. first vetoes another rule.',
    }),
    idempotent: flag().optional().meta({
      description: 'The operator vouches that a second dispatch is harmless. false vetoes another rule.',
    }),
    trust_annotations: flag().optional().meta({
      description:
        'The rule matches only tools that their server itself declares readOnlyHint, and not destructiveHint.',
    }),
    on_error: onError()
      .optional()
      .meta({ description: 'The effect when the condition cannot be evaluated.' }),
  },
  { error: 'expected a rule: id, match, effect' },
);

export const policyFileSchema = z
  .strictObject(
    {
      version: z.literal(1, { error: 'expected version: 1' }),
      defaults: z
        .strictObject(
          {
            effect: z
              .enum(['hold', 'deny'], { error: 'expected hold or deny; to allow, write a rule that says so' })
              .optional(),
            on_error: onError().optional(),
            mode: mode().optional(),
            approval: approvalSchema.optional(),
            retain: retain().optional(),
          },
          { error: BLOCK },
        )
        .optional()
        .meta({ description: 'For the whole policy; at most one file may hold it.' }),
      rules: z
        .array(ruleSchema, { error: 'expected a list of rules' })
        .max(POLICY_LIMITS.rules, { error: `expected at most ${POLICY_LIMITS.rules} rules` })
        .optional(),
    },
    { error: 'expected a policy: version, defaults, rules' },
  )
  .meta({ title: 'Countersign policy' });

export type PolicyFileShape = z.infer<typeof policyFileSchema>;
export type RuleShape = z.infer<typeof ruleSchema>;

/** The JSON Schema (draft 2020-12) of a policy file, for editors. */
export function policyJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(policyFileSchema, { io: 'input' }) as Record<string, unknown>;
}

const RISKS: readonly Risk[] = ['low', 'medium', 'high', 'critical'];
const EFFECTS: readonly Effect[] = ['allow', 'hold', 'deny'];

/** Larger is riskier. */
export function riskRank(value: Risk): number {
  return RISKS.indexOf(value);
}

/** Larger is stricter: allow, hold, deny. */
export function effectRank(value: Effect): number {
  return EFFECTS.indexOf(value);
}
