import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { canonicalize } from '../../src/core/canonical.ts';
import { personCall } from '../support/killable.ts';
import { type Era, heldId, PAY, startJourney } from './journey.ts';

const ERAS: readonly Era[] = ['legacy', 'modern'];

/** Written out here, so that the product's own code does not vouch for itself. */
function commit(saltHex: string, text: string): string {
  return createHmac('sha256', Buffer.from(saltHex, 'hex'))
    .update('countersign/commit/v1\n')
    .update(text)
    .digest('hex');
}

describe('what was shown, what was signed and what was sent', () => {
  it.each(ERAS)('are one and the same bytes for a %s agent', async (era) => {
    const { gateway, person, agent, settled, decide, entries } = await startJourney();
    const client = await agent(era);
    const args = { to: 'c_é😀"\\', amount_cents: 7500 };
    const id = heldId(await client.call('pay', args));
    expect(gateway.received()).toEqual([]);

    const at = { origin: gateway.app.origin, person };
    const shown = (await personCall(at, { method: 'GET', path: `/v1/approvals/${id}` })).body;
    const offered = await person.statement(id, 'approve');
    const statement = JSON.parse(offered.body.statement);
    expect(commit(shown.call_salt, shown.call)).toBe(statement.action);
    expect(commit(shown.view_salt, shown.view)).toBe(statement.view);
    const preimage = `countersign/statement/v1\n${offered.body.statement}`;
    expect(createHash('sha256').update(preimage).digest('base64url')).toBe(offered.body.challenge);

    expect((await decide(id, 'approve')).status).toBe(200);
    expect((await settled(id)).state).toBe('succeeded');
    const result = await client.call('approval_wait', { approval_id: id });
    expect(result.structuredContent).toEqual({ paid_cents: 7500, to: args.to });

    const [received, ...more] = gateway.received();
    expect(more).toEqual([]);
    const sent = JSON.parse(received ?? '');
    const rebuilt = canonicalize({ server: 'oracle', tool: sent.name, arguments: sent.arguments });
    expect(rebuilt).toBe(shown.call);
    expect(commit(shown.call_salt, rebuilt)).toBe(statement.action);
    expect(`sha256:${createHash('sha256').update(rebuilt).digest('hex')}`).toBe(shown.call_digest);
    expect(received).toContain(canonicalize(args));
    expect(await entries(id)).toEqual([
      'approval.requested',
      'approval.decided',
      'approval.approved',
      'capability.issued',
      'approval.executing',
      'capability.exchanged',
      'approval.outcome',
    ]);
  });

  it('stay the same whatever the agent says later, and its later words are never sent', async () => {
    const { gateway, agent, decide, settled } = await startJourney();
    const client = await agent();
    const first = heldId(await client.call('pay', PAY, 'order-1'));
    await expect(client.call('pay', { ...PAY, amount_cents: 999_999 }, 'order-1')).rejects.toThrow(
      /other arguments/,
    );
    await decide(first, 'approve');
    await settled(first);
    expect(gateway.received().map((text) => JSON.parse(text).arguments)).toEqual([PAY]);
  });
});

describe('a frozen call approved twice', () => {
  it('from two pages at once is sent once', async () => {
    const { gateway, agent, decide, settled } = await startJourney();
    const client = await agent();
    const id = heldId(await client.call('pay', PAY));
    const answers = await Promise.all([decide(id, 'approve'), decide(id, 'approve'), decide(id, 'deny')]);
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409, 409]);
    const { state } = await settled(id);
    expect(['succeeded', 'denied']).toContain(state);
    expect(gateway.received()).toHaveLength(state === 'succeeded' ? 1 : 0);
  });
});
