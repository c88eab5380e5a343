import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { replayApproval } from '../../src/approvals/replay.ts';
import { openCapabilityKeys } from '../../src/capabilities/keys/open-keys.ts';
import { spendInternally } from '../../src/capabilities/spend.ts';
import { verifyCapability } from '../../src/capabilities/verify/verify-capability.ts';
import { commitment } from '../../src/core/digest.ts';
import { reverifyApproval } from '../../src/evidence/reverify.ts';
import { LOG, openDesk } from '../approvals/desk.ts';
import { ORIGIN } from '../principals/support/office.ts';

const BANK = 'https://bank.example/mcp';

/** A desk whose downstream is shown the capability of each approved call. */
async function openForwardingDesk() {
  const desk = await openDesk();
  const { deps } = desk.office;
  const folder = await mkdtemp(join(tmpdir(), 'countersign-forward-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const keys = await openCapabilityKeys({ ...deps, file: join(folder, 'capability.keys') });
  const shown: (string | undefined)[] = [];
  const sealed: { id: string; text: string; commit: string }[] = [];
  const capabilities = {
    ...deps,
    issuer: ORIGIN,
    log: LOG,
    keys,
    reverify: (approvalId: string) => reverifyApproval(deps.database, { log: LOG, approvalId }),
    seal: ({ id, text }: { id: string; text: string }) => {
      const commit = commitment(deps.random(32), text);
      sealed.push({ id, text, commit });
      return { commit, sidecar: { sql: 'SELECT 1', params: [] } };
    },
    audience: () => BANK as string | undefined,
  };
  const replay = (id: string) =>
    replayApproval(
      {
        ...desk.replayDeps(),
        spend: (approval) => spendInternally(capabilities, approval),
        dispatch: async (_, { token }) => {
          shown.push(token);
          return { kind: 'result', raw: '{"content":[]}', isError: false };
        },
      },
      id,
    );
  return { ...desk, capabilities, keys, shown, sealed, replay };
}

describe('the capability of an approved call', () => {
  it('is shown to a server that wants it, for exactly this call, and only its commitment is on the ledger', async () => {
    const desk = await openForwardingDesk();
    const ada = await desk.office.bootstrap();
    const { approval } = await desk.hold({ amount_cents: 7500 });
    await desk.decide(ada, approval.id, 'approve');
    await desk.replay(approval.id);
    const [token = ''] = desk.shown;
    const now = desk.office.deps.now();
    const call = { server: 'bank', tool: 'pay', arguments: { amount_cents: 7500 } };
    const options = { issuer: ORIGIN, jwks: desk.keys.find, audience: BANK, now };
    await expect(verifyCapability(token, { ...options, call })).resolves.toMatchObject({
      approval: approval.id,
      holder: 'gateway',
      approvers: [`person:${ada.person.id}`],
    });
    const [entry] = await desk.office.entries('capability.exchanged');
    const [sealed] = desk.sealed;
    expect(entry?.body).toEqual({
      capability: sealed?.id,
      holder: 'gateway',
      jti: decodeJwt(token).jti,
      kid: expect.any(String),
      token: sealed?.commit,
      token_expires_at: (decodeJwt(token).exp ?? 0) * 1_000,
    });
    expect(sealed?.text).toBe(token);
    expect(JSON.stringify(await desk.office.entries(''))).not.toContain(token.split('.')[2]);
  });

  it('is not shown to a server that does not ask for it', async () => {
    const desk = await openForwardingDesk();
    desk.capabilities.audience = () => undefined;
    const ada = await desk.office.bootstrap();
    const { approval } = await desk.hold();
    await desk.decide(ada, approval.id, 'approve');
    await desk.replay(approval.id);
    expect([desk.shown, desk.sealed]).toEqual([[undefined], []]);
    const [entry] = await desk.office.entries('capability.exchanged');
    expect(entry?.body).toEqual({ capability: expect.stringMatching(/^cap_/), holder: 'gateway' });
  });

  it('ends with the approval when that has less than two minutes left', async () => {
    const desk = await openForwardingDesk();
    const ada = await desk.office.bootstrap();
    const { approval } = await desk.hold();
    await desk.decide(ada, approval.id, 'approve');
    const { expiresAt } = await desk.get(approval.id);
    desk.office.advance(expiresAt - 30_000 - desk.office.deps.now());
    await desk.replay(approval.id);
    const { iat = 0, exp = 0 } = decodeJwt(desk.shown[0] ?? '');
    expect(exp - iat).toBe(30);
  });

  it('is not spent on the word of the database: what the ledger does not show is void and never sent', async () => {
    const desk = await openForwardingDesk();
    const ada = await desk.office.bootstrap();
    const real = await desk.hold({ amount_cents: 1 });
    await desk.decide(ada, real.approval.id, 'approve');
    const forged = await desk.hold({ amount_cents: 999_999 });
    const { ledger } = desk.office.deps;
    const copied = [forged.approval.id, real.approval.id];
    await ledger.commit({
      entries: [],
      then: [
        {
          sql: `UPDATE approval SET state = 'approved', decided_at = requested_at WHERE id = ?`,
          params: [copied[0] ?? ''],
        },
        {
          sql: `INSERT INTO decision (id, workspace, approval_id, approver, decision, statement, proof, decided_at)
                SELECT 'dec_forged', workspace, ?, approver, decision, statement, proof, decided_at
                FROM decision WHERE approval_id = ?`,
          params: copied,
        },
        {
          sql: `INSERT INTO capability (id, workspace, approval_id, state, holder, aud, digest, dpop, basis, issued_at, expires_at)
                SELECT 'cap_forged', workspace, id, 'issued', 'gateway', server, call_commit, 0, 'decision', requested_at, expires_at
                FROM approval WHERE id = ?`,
          params: [copied[0] ?? ''],
        },
      ],
    });
    await desk.replay(forged.approval.id);
    const after = await desk.get(forged.approval.id);
    expect([after.state, after.stateReason]).toEqual(['void', expect.stringContaining('it is not approved')]);
    expect(desk.shown).toEqual([]);
  });

  it('is spent once by any number of gateways that claim at once', async () => {
    const desk = await openForwardingDesk();
    const ada = await desk.office.bootstrap();
    const { approval } = await desk.hold();
    await desk.decide(ada, approval.id, 'approve');
    await Promise.all(Array.from({ length: 50 }, () => desk.replay(approval.id)));
    expect(desk.shown).toHaveLength(1);
    expect(await desk.office.entries('capability.exchanged')).toHaveLength(1);
  });
});
