import { createRoute, z } from '@hono/zod-openapi';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { checkPolicies } from '../../policy/check.ts';
import { explain } from '../../policy/explain.ts';
import { policyJsonSchema } from '../../policy/rule.ts';
import type { PolicyInput } from '../../policy/verdict.ts';
import { type Api, type ApiDeps, requireAny } from '../context.ts';
import { answers, answersTagged, jsonBody } from '../openapi.ts';

const MAX_FILES = 100;
const MAX_FILE_CHARACTERS = 256 * 1024;

export const filesSchema = z
  .record(z.string().max(200), z.string().max(MAX_FILE_CHARACTERS))
  .refine((files) => Object.keys(files).length <= MAX_FILES, `at most ${MAX_FILES} files`);

const problemSchema = z.object({
  file: z.string(),
  line: z.number(),
  column: z.number(),
  message: z.string(),
});

export const explanationSchema = z.object({
  verdict: z.record(z.string(), z.any()),
  rules: z.array(z.record(z.string(), z.any())),
});

const explainBody = z.strictObject({
  kind: z.enum(['tool', 'resource', 'prompt', 'action']).default('tool'),
  server: z.string(),
  tool: z.string(),
  args: z.record(z.string(), z.unknown()).default({}),
  resource: z.string().default(''),
  risk: z.enum(['low', 'medium', 'high', 'critical']).optional(),
  actor: z.string().optional(),
  metadata: z.record(z.string(), z.unknown()).default({}),
  session: z
    .strictObject({
      subject: z.string().default('default'),
      labels: z.record(z.string(), z.string()).default({}),
    })
    .default({ subject: 'default', labels: {} }),
});

function inputOf(deps: ApiDeps, body: z.infer<typeof explainBody>): PolicyInput {
  const tool = deps.downstreams
    .catalog()
    .tools.find((one) => one.server === body.server && one.tool === body.tool);
  const annotations = tool?.definition.annotations;
  return {
    kind: body.kind,
    server: body.server,
    tool: body.tool,
    args: body.args as JsonObject,
    annotations: isJsonObject(annotations) ? annotations : {},
    session: {
      id: 'ses_explain',
      subject: body.session.subject,
      labels: body.session.labels,
      ageMs: 0,
      calls: 0,
    },
    actor: body.actor ?? body.session.subject,
    resource: body.resource,
    risk: body.risk ?? '',
    budget: {},
    now: deps.now(),
    history: null,
    metadata: body.metadata as JsonObject,
  };
}

export function addPolicyRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/policies',
      tags: ['policies'],
      summary: 'The policy in force',
      ...answersTagged(
        z.object({
          version: z.string(),
          files: z.array(z.object({ name: z.string() })),
          rules: z.array(
            z.object({
              rule: z.string(),
              file: z.string(),
              line: z.number(),
              effect: z.string(),
              risk: z.string(),
              shadow: z.boolean(),
            }),
          ),
        }),
      ),
    }),
    (c) => {
      requireAny(c);
      const policy = deps.policy.current();
      const rules = policy.rules.map(({ place, effect, risk, shadow }) => ({
        ...place,
        effect,
        risk,
        shadow,
      }));
      return c.json({ version: policy.version, files: policy.files.map((name) => ({ name })), rules }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/policies/files',
      tags: ['policies'],
      summary: 'The files in force, with their texts',
      ...answersTagged(z.object({ version: z.string(), files: z.record(z.string(), z.string()) })),
    }),
    (c) => {
      requireAny(c, ['operator']);
      const { version, sources } = deps.policy.current();
      const files = Object.fromEntries(sources.map(({ name, text }) => [name, text]));
      return c.json({ version, files }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/policies/schema',
      tags: ['policies'],
      summary: 'The JSON Schema (draft 2020-12) of a policy file, for editors',
      security: [],
      ...answersTagged(z.record(z.string(), z.any())),
    }),
    (c) => c.json(policyJsonSchema(), 200),
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/policies/check',
      tags: ['policies'],
      summary: 'Check policy files against this gateway’s tools, without putting them in force',
      request: {
        body: jsonBody(z.strictObject({ files: filesSchema })),
      },
      responses: answers(
        z.object({ ok: z.boolean(), version: z.string(), problems: z.array(problemSchema) }),
      ),
    }),
    (c) => {
      requireAny(c);
      const files = Object.entries(c.req.valid('json').files).map(([name, text]) => ({ name, text }));
      const checked = checkPolicies(files, deps.toolSchemas());
      const problems = checked.problems.map(({ file, line, column, message }) => ({
        file,
        line,
        column,
        message,
      }));
      return c.json({ ok: checked.ok, version: checked.version, problems }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/policies/explain',
      tags: ['policies'],
      summary: 'What the policy in force says about a call, and why',
      request: { body: jsonBody(explainBody) },
      responses: answers(explanationSchema),
    }),
    (c) => {
      requireAny(c);
      const found = explain(deps.policy.current(), inputOf(deps, c.req.valid('json')));
      return c.json({ verdict: { ...found.verdict }, rules: found.rules.map((rule) => ({ ...rule })) }, 200);
    },
  );
}
