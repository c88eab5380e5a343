import { createRoute, z } from '@hono/zod-openapi';
import { electorate } from '../../approvals/electorate.ts';
import { systemStopwatch, toRfc3339 } from '../../core/clock.ts';
import { LIMITS } from '../../core/limits.ts';
import { queryEntries } from '../../ledger/query.ts';
import type { ApprovalTerms } from '../../policy/verdict.ts';
import { listPeople } from '../../principals/people/people.ts';
import { listServiceAccounts } from '../../principals/service-accounts.ts';
import { type Api, type ApiDeps, requireAny } from '../context.ts';
import { answers } from '../openapi.ts';

const diagnosticsSchema = z
  .object({
    version: z.string(),
    now: z.string(),
    public_origin: z.string(),
    ledger: z.object({ size: z.number(), newest_at: z.string().nullable(), vkey: z.string() }),
    servers: z.array(z.object({ name: z.string(), listed_in_ms: z.number().nullable() })),
    decisions: z.array(
      z.object({
        rule: z.string(),
        place: z.string().nullable(),
        quorum: z.number(),
        able: z.number(),
        exclude_requester: z.boolean(),
      }),
    ),
  })
  .openapi('Diagnostics');

type Decision = z.infer<typeof diagnosticsSchema>['decisions'][number];

/** How long a server takes to tell its tools; null when it is not connected or takes longer than is waited. */
async function listedIn(deps: ApiDeps, name: string, state: string): Promise<number | null> {
  if (state !== 'ready') return null;
  const start = systemStopwatch();
  const { promise: tooLong, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), LIMITS.diagnosticsWaitMs);
  const listed = deps.downstreams.reread(name).then(() => Math.round(systemStopwatch() - start));
  try {
    return await Promise.race([listed, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}

async function decisionsOf(deps: ApiDeps): Promise<Decision[]> {
  const [people, accounts] = await Promise.all([
    listPeople(deps.principals),
    listServiceAccounts(deps.principals),
  ]);
  const { rules, defaults } = deps.policy.current();
  const decision = (rule: string, place: string | null, terms: ApprovalTerms): Decision => ({
    rule,
    place,
    quorum: terms.quorum,
    able: electorate(terms, { people, accounts }),
    exclude_requester: terms.excludeRequester,
  });
  const held = rules.filter(({ effect, shadow }) => effect === 'hold' && !shadow);
  return [
    ...held.map(({ place, approval }) => decision(place.rule, `${place.file}:${place.line}`, approval)),
    ...(defaults.effect === 'hold' ? [decision('default', null, defaults.approval)] : []),
  ];
}

export function addDiagnosticsRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/diagnostics',
      tags: ['health'],
      summary: 'How the gateway stands, seen from inside; asks each server for its tools',
      responses: answers(diagnosticsSchema),
    }),
    async (c) => {
      requireAny(c);
      const [servers, decisions, newest] = await Promise.all([
        Promise.all(
          deps.downstreams.catalog().servers.map(async ({ name, state }) => ({
            name,
            listed_in_ms: await listedIn(deps, name, state),
          })),
        ),
        decisionsOf(deps),
        queryEntries(deps.database, { limit: 1 }),
      ]);
      const ts = newest.entries[0]?.ts;
      return c.json(
        {
          version: deps.version,
          now: toRfc3339(deps.now()),
          public_origin: deps.publicOrigin,
          ledger: {
            size: deps.ledger.head().size,
            newest_at: ts === undefined ? null : toRfc3339(ts),
            vkey: deps.vkey,
          },
          servers,
          decisions,
        },
        200,
      );
    },
  );
}
