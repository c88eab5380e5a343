import { createRoute, z } from '@hono/zod-openapi';
import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { ReplayRequest, ReplayStep } from '../../evidence/recorded/replay-policy.ts';
import { isPolicyFileName } from '../../policy/check.ts';
import { compilePolicy } from '../../policy/compile.ts';
import { principalRef } from '../../principals/principal.ts';
import { type Api, type ApiDeps, requireAny, requireKey } from '../context.ts';
import { answers, answersText, jsonBody } from '../openapi.ts';
import { readTime } from '../read-query.ts';
import { recordedBody, recordedSchema, replayLine, shadowBody, shadowSchema } from '../recorded-body.ts';
import { streamLines } from '../stream-lines.ts';
import { explanationSchema, filesSchema } from './policies.ts';

const MEDIA_TYPE = 'application/x-ndjson';

const rangeShape = { since: z.string().max(40).optional(), until: z.string().max(40).optional() };

interface Range {
  readonly since: number;
  readonly until: number;
}

/** The last seven days unless told. Throws `invalid_request`. */
function rangeOf(
  { now }: Pick<ApiDeps, 'now'>,
  query: { since?: string | undefined; until?: string | undefined },
): Range {
  const until = readTime('until', query.until) ?? now();
  const since = readTime('since', query.since) ?? until - LIMITS.policyReplayDefaultMs;
  if (since < until) return { since, until };
  const expected = 'a time before until';
  throw new CountersignError('invalid_request', `since: expected ${expected}`, {
    fields: [{ field: 'since', expected }],
  });
}

function policyOf(files: Readonly<Record<string, string>>) {
  const given = Object.entries(files).map(([name, text]) => ({ name, text }));
  return compilePolicy(given.filter(({ name }) => isPolicyFileName(name)));
}

type Lines = AsyncGenerator<string, void>;

/** Lets a few replays run at once; each frees its place when it ends, however it ends. */
function createTurns(most: number): (begin: () => Promise<Lines>) => Promise<Lines> {
  const running = new Set<object>();
  return async (begin) => {
    if (running.size >= most)
      throw new CountersignError(
        'rate_limited',
        `${most} replays are under way already. Wait until one of them has ended.`,
      );
    const place = {};
    running.add(place);
    async function* turn(lines: Lines): Lines {
      try {
        yield* lines;
      } finally {
        running.delete(place);
      }
    }
    try {
      return turn(await begin());
    } catch (error) {
      running.delete(place);
      throw error;
    }
  };
}

async function* linesOf(steps: AsyncGenerator<ReplayStep, void>, request: ReplayRequest): Lines {
  const { since, until } = request;
  for await (const step of steps) yield replayLine(step, { since, until, policy: request.policy.version });
}

function addReplayRoute(api: Api, deps: ApiDeps): void {
  const inTurn = createTurns(LIMITS.policyReplaysAtOnce);
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/policies/replay',
      tags: ['policies'],
      summary: 'What other policy files would have made of recorded calls; whole only with its line "report"',
      request: { body: jsonBody(z.strictObject({ files: filesSchema, ...rangeShape })) },
      responses: answersText(MEDIA_TYPE, 'Lines {"progress":…}, and last {"report":…} or {"problem":…}'),
    }),
    async (c) => {
      const principal = requireAny(c, ['operator']);
      const { files, ...times } = c.req.valid('json');
      const request = {
        policy: policyOf(files),
        ...rangeOf(deps, times),
        principal: principalRef(principal),
        // Conditions over arguments would let a person find out what is redacted, one question at a time.
        bounded: principal.kind !== 'api_key',
      };
      const lines = await inTurn(async () => linesOf(await deps.recorded.replay(request), request));
      return c.body(streamLines(lines, deps.closing), 200, { 'content-type': MEDIA_TYPE });
    },
  );
}

/** What policies make of the calls that the gateway has recorded. */
export function addRecordedPolicyRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/policies/explain-call',
      tags: ['policies'],
      summary: 'How the policy that judged a recorded call, or another, comes to its verdict',
      request: {
        body: jsonBody(
          z.strictObject({
            call: z.string().regex(/^(?:req|apr)_[0-9A-Za-z]{1,64}$/, 'expected an id, req_… or apr_…'),
            by: z.enum(['recorded', 'in_force']).default('recorded'),
            files: filesSchema.optional(),
          }),
        ),
      },
      responses: answers(explanationSchema.extend({ call: recordedSchema, policy_version: z.string() })),
    }),
    async (c) => {
      requireKey(c, ['operator']);
      const { call: id, by, files } = c.req.valid('json');
      const policyFiles = files && Object.entries(files).filter(([name]) => isPolicyFileName(name));
      const found = await deps.recorded.explain({
        id,
        by: policyFiles === undefined ? by : Object.fromEntries(policyFiles),
      });
      return c.json(
        {
          call: recordedBody(found.call),
          policy_version: found.version,
          verdict: { ...found.verdict },
          rules: found.rules.map((rule) => ({ ...rule })),
        },
        200,
      );
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/policies/shadow',
      tags: ['policies'],
      summary: 'What rules in shadow mode would have decided otherwise',
      request: { query: z.strictObject(rangeShape) },
      responses: answers(shadowSchema),
    }),
    async (c) => {
      requireAny(c);
      const range = rangeOf(deps, c.req.valid('query'));
      const report = await deps.recorded.shadow(range);
      const inForce = deps.policy.current().rules;
      const silent = inForce.filter(
        ({ shadow, place }) => shadow && !report.rules.some(({ rule }) => rule === place.rule),
      );
      const never = silent.map(({ place }) => ({
        rule: place.rule,
        calls: 0,
        transitions: [],
        tools: [],
        examples: [],
      }));
      const placeOf = (id: string) => inForce.find(({ place }) => place.rule === id)?.place;
      const all = { ...report, rules: [...report.rules, ...never] };
      return c.json(shadowBody(all, { range, placeOf }), 200);
    },
  );

  addReplayRoute(api, deps);
}
