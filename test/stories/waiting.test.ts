import { describe, expect, it } from 'vitest';
import { BASE_POLICY } from '../support/gateway.ts';
import { type Era, heldId, PAY, startJourney } from './journey.ts';

describe('an agent whose call is frozen', () => {
  it('is told the reason when a person denies it, and nothing was sent', async () => {
    const { gateway, agent, decide, entries } = await startJourney();
    const client = await agent();
    const id = heldId(await client.call('pay', PAY));
    const waiting = client.call('approval_wait', { approval_id: id });
    expect((await decide(id, 'deny', 'The invoice is not due yet.')).body).toMatchObject({ state: 'denied' });
    const told = await waiting;
    expect(told).toMatchObject({ isError: true, structuredContent: { status: 'denied', approval_id: id } });
    expect(told.content[0].text).toContain('The invoice is not due yet.');
    expect(await client.call('pay', PAY)).toEqual(told);
    expect(gateway.received()).toEqual([]);
    expect(await entries(id)).toEqual(['approval.requested', 'approval.decided', 'approval.denied']);
  });

  it('is told that it expired, nobody can approve it then, and the repeated call is asked about anew', async () => {
    const { gateway, agent, decide, entries } = await startJourney({
      policy: BASE_POLICY.replace('risk: high', 'risk: high\n    approval: { expires: 1500ms }'),
    });
    const client = await agent();
    const id = heldId(await client.call('pay', PAY));
    const told = await client.call('approval_wait', { approval_id: id });
    expect(told).toMatchObject({ isError: true, structuredContent: { status: 'expired' } });
    expect((await decide(id, 'approve')).status).toBe(409);
    expect(heldId(await client.call('pay', PAY))).not.toBe(id);
    expect(await entries(id)).toEqual(['approval.requested', 'approval.expired']);
    expect(gateway.received()).toEqual([]);
  });

  it('that repeats it gets the same approval, and after the outcome the stored result', async () => {
    const { gateway, agent, decide, settled } = await startJourney();
    const client = await agent();
    const id = heldId(await client.call('pay', PAY));
    const reordered = { to: PAY.to, amount_cents: PAY.amount_cents };
    expect(heldId(await client.call('pay', reordered))).toBe(id);
    await decide(id, 'approve');
    await settled(id);
    const [stored, waited] = [
      await client.call('pay', PAY),
      await client.call('approval_wait', { approval_id: id }),
    ];
    expect(stored.structuredContent).toEqual({ paid_cents: 7500, to: 'c_123' });
    expect(waited).toEqual(stored);
    expect(gateway.received()).toHaveLength(1);
  });

  it('means two payments when it says so by two idempotency keys', async () => {
    const { gateway, agent, decide, settled } = await startJourney();
    const client = await agent();
    const ids = [await client.call('pay', PAY, 'one'), await client.call('pay', PAY, 'two')].map(heldId);
    expect(new Set(ids).size).toBe(2);
    expect(heldId(await client.call('pay', PAY, 'one'))).toBe(ids[0]);
    for (const id of ids) {
      await decide(id, 'approve');
      await settled(id);
    }
    expect(gateway.received()).toHaveLength(2);
  });

  it.each<[Era, Era]>([
    ['legacy', 'modern'],
    ['modern', 'legacy'],
  ])('by a %s client can collect the result by a %s one', async (begun, collected) => {
    const { agent, decide } = await startJourney();
    const id = heldId(await (await agent(begun)).call('pay', PAY));
    const other = await agent(collected);
    const waiting = other.call('approval_wait', { approval_id: id });
    await decide(id, 'approve');
    expect((await waiting).structuredContent).toEqual({ paid_cents: 7500, to: 'c_123' });
  });
});

describe('an agent of another session', () => {
  it('finds neither the approval nor its result, and its own equal call is another one', async () => {
    const { gateway, agent, session, decide, settled } = await startJourney();
    const id = heldId(await (await agent()).call('pay', PAY, 'one'));
    const stranger = await agent('modern', (await session()).mcp);
    await expect(stranger.call('approval_wait', { approval_id: id })).rejects.toThrow(/no approval/);
    await expect(stranger.call('approval_wait', { approval_id: 'apr_none' })).rejects.toThrow(/no approval/);
    await decide(id, 'approve');
    await settled(id);
    await expect(stranger.call('approval_wait', { approval_id: id })).rejects.toThrow(/no approval/);
    expect(heldId(await stranger.call('pay', PAY, 'one'))).not.toBe(id);
    expect(gateway.received()).toHaveLength(1);
  });
});
