import { z } from '@hono/zod-openapi';
import { toRfc3339 } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';
import type { ReplayStep } from '../evidence/recorded/replay-policy.ts';
import type { Difference, DifferenceReport, ExampleCall, Transition } from '../policy/difference.ts';
import type { RecordedCall } from '../policy/recorded-call.ts';
import type { ShadowedRule, ShadowReport } from '../policy/shadow.ts';

const effect = z.enum(['allow', 'hold', 'deny']);
const kind = z.enum(['tool', 'resource', 'prompt', 'action']);
const transition = z.object({ from: effect, to: effect, calls: z.number() });
const example = z.object({
  id: z.string().nullable(),
  seq: z.number(),
  at: z.string(),
  session: z.string(),
  subject: z.string(),
});

export const recordedSchema = z
  .object({
    id: z.string().nullable(),
    seq: z.number(),
    at: z.string(),
    kind,
    server: z.string(),
    tool: z.string(),
    session: z.string(),
    subject: z.string(),
    effect,
    rule: z.string().nullable(),
    policy_version: z.string(),
  })
  .openapi('RecordedCall');

export const shadowSchema = z
  .object({
    since: z.string(),
    until: z.string(),
    calls: z.number(),
    differing: z.number(),
    rules: z.array(
      z.object({
        rule: z.string(),
        file: z.string().nullable(),
        line: z.number().nullable(),
        calls: z.number(),
        transitions: z.array(transition),
        tools: z.array(z.object({ tool: z.string(), calls: z.number() })),
        examples: z.array(example.extend({ from: effect, to: effect })),
      }),
    ),
  })
  .openapi('ShadowReport');

function exampleBody({ id, seq, at, session, subject }: ExampleCall): z.infer<typeof example> {
  return { id: id ?? null, seq, at: toRfc3339(at), session, subject };
}

function transitionBody({ from, to, calls }: Transition): z.infer<typeof transition> {
  return { from, to, calls };
}

/** A recorded call by its facts, without what it carried. */
export function recordedBody(call: RecordedCall): z.infer<typeof recordedSchema> {
  const { id, seq, at, target, session, found } = call;
  return {
    id: id ?? null,
    seq,
    at: toRfc3339(at),
    ...target,
    session: session.id,
    subject: session.subject,
    effect: found.effect,
    rule: found.rule ?? null,
    policy_version: found.policy,
  };
}

/** Where a rule stands, if it is in force. */
export type FindPlace = (rule: string) => { file: string; line: number } | undefined;

function shadowedBody(seen: ShadowedRule, placeOf: FindPlace): z.infer<typeof shadowSchema>['rules'][number] {
  const place = placeOf(seen.rule);
  return {
    rule: seen.rule,
    file: place?.file ?? null,
    line: place?.line ?? null,
    calls: seen.calls,
    transitions: seen.transitions.map(transitionBody),
    tools: seen.tools.map(({ tool, calls }) => ({ tool, calls })),
    examples: seen.examples.map((one) => ({ ...exampleBody(one), from: one.from, to: one.to })),
  };
}

export function shadowBody(
  report: ShadowReport,
  { range, placeOf }: { range: { since: number; until: number }; placeOf: FindPlace },
): z.infer<typeof shadowSchema> {
  return {
    since: toRfc3339(range.since),
    until: toRfc3339(range.until),
    calls: report.calls,
    differing: report.differing,
    rules: report.rules.map((seen) => shadowedBody(seen, placeOf)),
  };
}

function differenceBody({ from, to, calls, kind: of, server, tool, rule, examples }: Difference): object {
  return {
    from,
    to,
    calls,
    kind: of,
    server,
    tool,
    rule: { before: rule.before ?? null, after: rule.after },
    examples: examples.map(exampleBody),
  };
}

function reportBody({ report, leftOut }: { report: DifferenceReport; leftOut: number }): object {
  const { calls, judged, same, changed, ungrouped, notJudged, transitions, changes } = report;
  return {
    calls,
    left_out: leftOut,
    judged,
    same,
    changed,
    ungrouped,
    not_judged: notJudged,
    transitions: transitions.map(transitionBody),
    changes: changes.map(differenceBody),
  };
}

const STOPPED = {
  code: 'invalid_request',
  detail: `files: expected conditions that take at most ${LIMITS.policyReplayCallMs} ms for one call and ${LIMITS.policyReplayJudgingMs / 1_000} s for all, when a person asks. Make them cheaper or choose a shorter time. An operator’s key has no such bound: countersign policy replay.`,
};

/** One line of a replay: `{"progress":…}`, or, once and last, `{"report":…}` or `{"problem":…}`. */
export function replayLine(
  step: ReplayStep,
  about: { policy: string; since: number; until: number },
): string {
  if (step.kind === 'progress') {
    const { read, of, calls, changed } = step;
    return `${JSON.stringify({ progress: { read, of, calls, changed } })}\n`;
  }
  if (step.kind === 'stopped') return `${JSON.stringify({ problem: STOPPED })}\n`;
  const { policy, since, until } = about;
  const head = { policy_version: policy, since: toRfc3339(since), until: toRfc3339(until) };
  return `${JSON.stringify({ report: { ...head, ...reportBody(step) } })}\n`;
}
