import { createRoute, z } from '@hono/zod-openapi';
import type { Approval } from '../../approvals/approval.ts';
import { ownRequest } from '../../approvals/approver.ts';
import { listApprovals, listDecisions, listDecisionsOf } from '../../approvals/list.ts';
import { cancelApproval, resolveApproval } from '../../approvals/settle-by-hand.ts';
import { isAnswered, waitForApproval } from '../../approvals/wait.ts';
import { capabilitiesOf } from '../../capabilities/store.ts';
import { LIMITS } from '../../core/limits.ts';
import { approverFacts } from '../../principals/approver-groups.ts';
import { listPeople } from '../../principals/people/people.ts';
import { type Principal, principalRef } from '../../principals/principal.ts';
import { listServiceAccounts } from '../../principals/service-accounts.ts';
import {
  approvalBody,
  approvalSchema,
  type BodyContext,
  detailBody,
  detailSchema,
  RISKS,
  stateSchema,
} from '../approval-body.ts';
import { type Api, type ApiDeps, requireAny } from '../context.ts';
import { pageBody, readCursor } from '../cursor.ts';
import {
  answers,
  answersOrWaits,
  answersTagged,
  idParam,
  jsonBody,
  pageOf,
  pageQuery,
  waitQuery,
} from '../openapi.ts';
import { requireViewer, visibleApproval } from '../requester.ts';

const READ = ['reader', 'requester'] as const;
const IDS_MAX = 100;
const IDS = new RegExp(`^\\w{1,100}(?:,\\w{1,100}){0,${IDS_MAX - 1}}$`);

const listQuery = z.strictObject({
  ...pageQuery,
  state: stateSchema.optional(),
  session: z.string().max(100).optional(),
  requester: z.string().max(200).optional(),
  subject: z.string().max(200).optional(),
  tool: z.string().max(200).optional(),
  risk: z.enum(RISKS).optional(),
  order: z.enum(['newest', 'oldest']).optional(),
  ids: z
    .string()
    .regex(IDS, `1 to ${IDS_MAX} ids, with commas between them`)
    .transform((ids) => ids.split(','))
    .optional(),
});

/** Names and labels that the bodies show, looked up once for a request. */
async function bodyContext(deps: ApiDeps, approvals: readonly Approval[]): Promise<BodyContext> {
  const sessionIds = [...new Set(approvals.flatMap((approval) => approval.sessionId ?? []))];
  const [people, accounts, capabilities, sessions] = await Promise.all([
    listPeople(deps.principals),
    listServiceAccounts(deps.principals),
    capabilitiesOf(
      deps.database,
      approvals.map((approval) => approval.id),
    ),
    Promise.all(sessionIds.map((id) => deps.sessions.get(id))),
  ]);
  const names = new Map<string, string>([
    ...people.map((person) => [`person:${person.id}`, person.name] as const),
    ...accounts.map((account) => [`service_account:${account.id}`, account.name] as const),
  ]);
  const labels = new Map(
    sessions.flatMap((session) => (session === undefined ? [] : [[session.id, session.labels] as const])),
  );
  return {
    publicOrigin: deps.publicOrigin,
    log: deps.decide.log,
    now: deps.now(),
    nameOf: (approver) => names.get(approver) ?? approver,
    labelsOf: (id) => labels.get(id) ?? {},
    capabilityOf: (id) => capabilities.get(id),
  };
}

type Reading = Pick<Principal, 'kind' | 'id'>;

/** Why the request is the own one of the person who reads it; undefined for everybody else. */
async function ownRequestOf(
  deps: ApiDeps,
  approval: Approval,
  { kind, id }: Reading,
): Promise<string | undefined> {
  if (kind !== 'person') return undefined;
  const [facts, maker] = await Promise.all([
    approverFacts(deps.principals, `person:${id}`),
    deps.decide.makerOf(approval),
  ]);
  return facts && ownRequest(approval, { kind, id, ...facts }, maker);
}

/** One approval in full, as this reader may see it. */
export async function showDetail(
  deps: ApiDeps,
  approval: Approval,
  reader: Reading,
): Promise<z.infer<typeof detailSchema>> {
  const [context, decisions, own] = await Promise.all([
    bodyContext(deps, [approval]),
    listDecisions(deps.database, approval.id),
    ownRequestOf(deps, approval, reader),
  ]);
  const tool = deps.downstreams.catalog().byExposed.get(approval.exposed);
  return detailBody({ approval, decisions, tool, ownRequest: own }, context);
}

export function addApprovalRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/approvals',
      tags: ['approvals'],
      summary: 'List approvals, newest first unless told',
      request: { query: listQuery },
      responses: answers(pageOf(approvalSchema)),
    }),
    async (c) => {
      const principal = requireViewer(c, READ);
      const { limit, cursor, ...query } = c.req.valid('query');
      const filter =
        principal.kind === 'service_account' ? { ...query, requester: principalRef(principal) } : query;
      const after = cursor === undefined ? undefined : readCursor(cursor);
      const rows = await listApprovals(deps.database, {
        ...filter,
        workspace: deps.workspace,
        limit: limit + 1,
        after: after === undefined ? undefined : { requestedAt: after.at, id: after.id },
      });
      const [context, decisions] = await Promise.all([
        bodyContext(deps, rows),
        listDecisionsOf(
          deps.database,
          rows.map((row) => row.id),
        ),
      ]);
      const page = pageBody(rows, {
        limit,
        item: (row) => approvalBody(row, decisions.get(row.id) ?? [], context),
        keyset: (row) => ({ at: row.requestedAt, id: row.id }),
      });
      // What has run out is expired at once, and recorded as such a moment later.
      const data = page.data.filter((item) => filter.state === undefined || item.state === filter.state);
      return c.json({ ...page, data }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/approvals/{id}',
      tags: ['approvals'],
      summary: 'One approval in full',
      request: { params: idParam },
      ...answersTagged(detailSchema),
    }),
    async (c) => {
      const principal = requireViewer(c, READ);
      const approval = await visibleApproval(deps, principal, c.req.valid('param').id);
      return c.json(await showDetail(deps, approval, principal), 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/approvals/{id}/wait',
      tags: ['approvals'],
      summary: 'Wait until it is settled or, of an action, approved; at most 25 s, then 202',
      request: { params: idParam, query: waitQuery },
      responses: answersOrWaits(detailSchema),
    }),
    async (c) => {
      const principal = requireViewer(c, READ);
      const { id } = c.req.valid('param');
      await visibleApproval(deps, principal, id);
      const approval = await waitForApproval(deps.wait, {
        id,
        timeoutMs: c.req.valid('query').timeout_ms,
        abort: AbortSignal.any([c.req.raw.signal, deps.closing]),
      });
      const body = await showDetail(deps, approval, principal);
      if (isAnswered(approval, deps.now())) return c.json(body, 200);
      c.header('retry-after', '1');
      return c.json(body, 202);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/approvals/{id}/cancel',
      tags: ['approvals'],
      summary: 'Withdraw a call that still waits',
      request: {
        params: idParam,
        body: jsonBody(z.strictObject({ reason: z.string().max(LIMITS.reasonCharacters).optional() })),
      },
      responses: answers(detailSchema),
    }),
    async (c) => {
      const principal = requireViewer(c, ['requester']);
      const { id } = await visibleApproval(deps, principal, c.req.valid('param').id);
      const reason = c.req.valid('json').reason ?? 'Withdrawn.';
      const approval = await cancelApproval(deps.byHand, {
        id,
        by: principalRef(principal),
        reason,
      });
      return c.json(await showDetail(deps, approval, principal), 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/approvals/{id}/resolve',
      tags: ['approvals'],
      summary: 'Record what became of a call whose outcome is unknown',
      request: {
        params: idParam,
        body: jsonBody(z.strictObject({ as: z.enum(['succeeded', 'failed']), note: z.string() })),
      },
      responses: answers(detailSchema),
    }),
    async (c) => {
      const principal = requireAny(c, ['operator']);
      const { as, note } = c.req.valid('json');
      const approval = await resolveApproval(deps.byHand, {
        id: c.req.valid('param').id,
        as,
        note,
        by: principalRef(principal),
      });
      return c.json(await showDetail(deps, approval, principal), 200);
    },
  );
}
