import { onTestFinished } from 'vitest';
import type { Approval } from '../../src/approvals/approval.ts';
import type { Approver } from '../../src/approvals/approver.ts';
import { type BreakGlassUse, type DecideDeps, decideApprovalRequest } from '../../src/approvals/decide.ts';
import { callParamsText } from '../../src/approvals/frozen-call.ts';
import { getApproval } from '../../src/approvals/list.ts';
import { listSignedDecisions } from '../../src/approvals/list-signed.ts';
import { offerStatement } from '../../src/approvals/offer.ts';
import type { ReplayDeps } from '../../src/approvals/replay.ts';
import { requestApproval } from '../../src/approvals/request.ts';
import type { ByHandDeps } from '../../src/approvals/settle-by-hand.ts';
import type { CapabilityDeps } from '../../src/capabilities/deps.ts';
import { issueCapability } from '../../src/capabilities/issue.ts';
import { spendInternally } from '../../src/capabilities/spend.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { Catalog, CatalogTool, FinalOutcome } from '../../src/downstream/catalog.ts';
import { reverifyApproval } from '../../src/evidence/reverify.ts';
import type { PolicyInForce } from '../../src/gate/judge.ts';
import { recheck } from '../../src/gate/recheck.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import type { ApprovalTerms, Verdict } from '../../src/policy/verdict.ts';
import { approverNow } from '../../src/principals/approver-now.ts';
import { findMaker } from '../../src/principals/makers/find-maker.ts';
import { verifyPersonAssertion } from '../../src/principals/prove.ts';
import { createSessionDirectory, type SessionDirectory } from '../../src/sessions/directory.ts';
import { type MintRequest, mintSession } from '../../src/sessions/mint.ts';
import type { Session } from '../../src/sessions/session.ts';
import type { Database } from '../../src/storage/database.ts';
import type { Misbehaviour } from '../principals/support/authenticator.ts';
import { type Enrolled, type Office, ORIGIN, openOffice } from '../principals/support/office.ts';

export const LOG = 'localhost/default';

const TERMS: ApprovalTerms = {
  groups: [],
  quorum: 1,
  passkey: true,
  approver: 'person',
  excludeRequester: true,
  expiresMs: 600_000,
  escalations: [],
  authenticator: {},
  capability: { uses: 1, ttlMs: 300_000, dpop: false },
};

/** A verdict that holds, with terms of the test's choice. */
export function holding(terms: Partial<ApprovalTerms> = {}): Verdict {
  return {
    effect: 'hold',
    risk: 'high',
    decidedBy: { rule: 'payments', file: 'policy.yaml', line: 3 },
    matched: [],
    reason: 'Money leaves the company.',
    approval: { ...TERMS, ...terms },
    readOnly: false,
    parallelIntent: false,
    idempotent: false,
    redact: [],
    shadow: [],
    policyVersion: 'sha256:policy',
  };
}

export const PAY: CatalogTool = {
  server: 'bank',
  tool: 'pay',
  exposed: 'pay',
  definition: { name: 'pay', inputSchema: { type: 'object' } },
  hash: 'sha256:pay',
  state: 'active',
};

export function catalogOf(...tools: CatalogTool[]): Catalog {
  const byExposed = new Map(tools.map((tool) => [tool.exposed, tool]));
  return { version: 1, tools, byExposed, resources: [], resourceTemplates: [], prompts: [], servers: [] };
}

/** What the world outside the approvals looks like; a test changes it while a call is frozen. */
export interface World {
  catalog: Catalog;
  verdict: Verdict;
  /** What the downstream answers; called once for each dispatch. */
  answer: (approval: Approval) => Promise<FinalOutcome> | FinalOutcome;
}

/** The approvals of one office: real database, ledger and passkeys; the policy, catalogue and downstream are the test's. */
export interface Desk {
  readonly office: Office;
  readonly world: World;
  readonly sessions: SessionDirectory;
  readonly session: Session;
  readonly decideDeps: DecideDeps;
  readonly byHand: ByHandDeps;
  /** The params text of every dispatch, in order. */
  readonly dispatched: string[];
  readonly changed: string[];
  /** Every time that somebody broke the glass. */
  readonly alarms: BreakGlassUse[];
  mint(request?: MintRequest): Promise<Session>;
  hold(
    args?: JsonObject,
    how?: { verdict?: Verdict; key?: string; session?: Session },
  ): Promise<{ approval: Approval; created: boolean }>;
  get(id: string): Promise<Approval>;
  offer(
    by: Enrolled,
    id: string,
    decision: 'approve' | 'deny',
    reason?: string,
    breakGlass?: boolean,
  ): ReturnType<typeof offerStatement>;
  /** Signs the challenge with the person's device, or another, and sends it in. `meanwhile` runs once it is verified. */
  submit(
    by: Enrolled,
    id: string,
    offered: { id: string; challenge: Uint8Array },
    how?: {
      device?: Enrolled['device'];
      ledger?: Ledger;
      meanwhile?: () => Promise<unknown>;
    } & Misbehaviour,
  ): Promise<Approval>;
  decide(by: Enrolled, id: string, decision: 'approve' | 'deny', reason?: string): Promise<Approval>;
  /** Approves as one of those who may when nobody else can. */
  breakGlass(by: Enrolled, id: string, reason?: string): Promise<Approval>;
  /** One more passkey of the same person. */
  secondDevice(of: Enrolled): Promise<Enrolled['device']>;
  replayDeps(owner?: string): ReplayDeps;
}

export const approverOf = ({ person }: Enrolled): Approver => ({
  kind: 'person',
  id: person.id,
  groups: person.groups,
  subject: person.subject,
});

export async function openDesk(): Promise<Desk> {
  const office = await openOffice();
  onTestFinished(() => office.close());
  const { ledger, now, newId, random } = office.deps;
  // The office lends its database for reading only; here the whole of it is needed.
  const database = office.deps.database as Database;
  const world: World = {
    catalog: catalogOf(PAY),
    verdict: holding(),
    answer: () => ({ kind: 'result', raw: '{"content":[]}', isError: false }),
  };
  const dispatched: string[] = [];
  const changed: string[] = [];
  const alarms: BreakGlassUse[] = [];
  const sessions = createSessionDirectory({ workspace: 'default', database, ledger, now });
  const minting = { ledger, now, newId, random, workspace: 'default', defaultTtlMs: 3_600_000 };
  const mint: Desk['mint'] = async (request = {}) =>
    (await mintSession(minting, request, 'gateway:test')).session;
  const session = await mint();
  const decideDeps: DecideDeps = {
    database,
    workspace: 'default',
    ledger,
    now,
    newId,
    random,
    log: LOG,
    makerOf: ({ requester }) => findMaker(office.deps, requester),
    release: (approval, at) => issueCapability({ newId }, { approval, basis: 'decision', dpop: false, at }),
    onDecided: (approval) => changed.push(approval.id),
    onBreakGlass: (use) => alarms.push(use),
  };
  const policy: PolicyInForce = {
    version: 'sha256:policy',
    evaluate: () => world.verdict,
    record: () => undefined,
    possibleEffects: () => [world.verdict.effect],
  };
  const recheckDeps = {
    policy: () => policy,
    callsOf: sessions.callsOf,
    now,
    catalog: () => world.catalog,
    session: sessions.get,
    isActive: sessions.isActive,
    decisions: (id: string) => listSignedDecisions(database, id),
    approverNow: (signed: { approver: string; proof: string }) => approverNow(office.deps, signed),
    makerOf: decideDeps.makerOf,
  };
  const unused = (): never => {
    throw new Error('no token leaves the gateway here');
  };
  const capabilities: CapabilityDeps = {
    database,
    ledger,
    now,
    newId,
    workspace: 'default',
    issuer: ORIGIN,
    log: LOG,
    keys: { sign: unused, find: unused },
    reverify: (approvalId) => reverifyApproval(database, { log: LOG, approvalId }),
    seal: unused,
  };
  const offer: Desk['offer'] = (by, approvalId, decision, reason, breakGlass = false) =>
    offerStatement(decideDeps, { approvalId, approver: approverOf(by), decision, reason, breakGlass });
  const submit: Desk['submit'] = (by, approvalId, offered, how = {}) => {
    const { device = by.device, ledger: through = ledger, meanwhile, ...misbehaviour } = how;
    const deps = { ...decideDeps, ledger: through };
    return decideApprovalRequest(deps, {
      approvalId,
      statementId: offered.id,
      approver: approverOf(by),
      verify: async ({ challenge }) => {
        const proven = await verifyPersonAssertion(office.deps, {
          challenge,
          assertion: device.get({
            challenge: Buffer.from(offered.challenge).toString('base64url'),
            ...misbehaviour,
          }),
          personId: by.person.id,
          expectedOrigin: ORIGIN,
        });
        await meanwhile?.();
        return {
          proof: JSON.stringify(proven.proof),
          then: [proven.recordUse],
          stillValid: proven.stillValid,
          authenticator: proven.authenticator,
        };
      },
    });
  };

  return {
    office,
    world,
    sessions,
    session,
    decideDeps,
    byHand: { database, workspace: 'default', ledger, now, onChanged: (id) => changed.push(id) },
    dispatched,
    changed,
    alarms,
    mint,
    hold: (args = { amount_cents: 7500 }, how = {}) =>
      requestApproval(
        { ...office.deps, database },
        {
          workspace: 'default',
          session: how.session ?? session,
          server: PAY.server,
          tool: PAY.tool,
          exposed: PAY.exposed,
          args,
          toolHash: PAY.hash,
          verdict: how.verdict ?? world.verdict,
          idempotencyKey: how.key,
        },
      ),
    get: (id) => getApproval(decideDeps, id),
    offer,
    submit,
    decide: async (by, id, decision, reason) => submit(by, id, await offer(by, id, decision, reason)),
    breakGlass: async (by, id, reason = 'The desk is on fire.') =>
      submit(by, id, await offer(by, id, 'approve', reason, true)),
    secondDevice: async (of) => (await office.addPasskey(of)).device,
    replayDeps: (owner = 'own_test') => ({
      database,
      ledger,
      now,
      random,
      owner,
      recheck: (approval) => recheck(recheckDeps, approval),
      stillAllowed: (approval) => sessions.mayStillAct(approval.sessionId ?? ''),
      spend: (approval) => spendInternally({ ...capabilities, audience: () => undefined }, approval),
      dispatch: async (approval) => {
        dispatched.push(callParamsText(approval.call));
        return world.answer(approval);
      },
      onChanged: (id) => changed.push(id),
    }),
  };
}
