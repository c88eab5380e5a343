import { describe, expect, it } from 'vitest';
import { BASE_POLICY } from '../support/gateway.ts';
import { heldId, PAY, startJourney } from './journey.ts';

describe('a gateway that is stopped and started again', () => {
  it('keeps what is pending, and carries it out once it is approved', async () => {
    const { gateway, agent, decide, settled, entries } = await startJourney();
    const id = heldId(await (await agent()).call('pay', PAY));
    await gateway.restart();
    expect((await gateway.api('GET', `/v1/approvals/${id}`)).body.state).toBe('pending');
    const client = await agent();
    expect(heldId(await client.call('pay', PAY))).toBe(id);
    expect((await decide(id, 'approve')).status).toBe(200);
    expect((await settled(id)).state).toBe('succeeded');
    expect(gateway.received()).toHaveLength(1);
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

  it('keeps results, denials and revocations as they were', async () => {
    const { gateway, agent, session, decide, settled } = await startJourney();
    const client = await agent();
    const [paid, refused] = [await client.call('pay', PAY, 'one'), await client.call('pay', PAY, 'two')].map(
      heldId,
    );
    await decide(paid as string, 'approve');
    await settled(paid as string);
    await decide(refused as string, 'deny', 'No.');
    const gone = await session();
    await gateway.api('POST', `/v1/sessions/${gone.id}/revoke`, {});
    await gateway.restart();
    const next = await agent();
    expect((await next.call('pay', PAY, 'one')).structuredContent).toEqual({ paid_cents: 7500, to: 'c_123' });
    expect((await next.call('pay', PAY, 'two')).structuredContent.status).toBe('denied');
    const url = gateway.app.session.mcp.url;
    await expect(agent('modern', { ...gone.mcp, url })).rejects.toThrow();
    expect(gateway.received()).toHaveLength(1);
  });

  it('goes on with the session and the operator’s key of the first start, and prints no other', async () => {
    const { gateway } = await startJourney();
    const { id, mcp } = gateway.app.session;
    await gateway.restart();
    expect(gateway.app.session.id).toBe(id);
    expect(gateway.app.session.mcp.headers).toEqual(mcp.headers);
    expect(gateway.app.apiKey).toBeUndefined();
    expect(gateway.app.enrolUrl).toBeUndefined();
    expect((await gateway.api('GET', `/v1/sessions/${id}`)).status).toBe(200);
  });

  it('refuses a statement that was offered before and used before', async () => {
    const { gateway, person, agent } = await startJourney({
      policy: BASE_POLICY.replace('risk: high', 'risk: high\n    approval: { quorum: 2 }'),
    });
    const id = heldId(await (await agent()).call('pay', PAY));
    const offered = await person.statement(id, 'approve');
    const { statement_id, challenge } = offered.body;
    const body = { statement_id, assertion: person.device.get({ challenge }) };
    expect((await person.fetch('POST', `/v1/approvals/${id}/decide`, body)).status).toBe(200);
    await gateway.restart();
    const answer = await fetch(`${gateway.app.origin}/v1/approvals/${id}/decide`, {
      method: 'POST',
      headers: {
        origin: gateway.app.origin,
        cookie: person.cookie,
        'x-countersign-csrf': '1',
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(409);
    const { body: approval } = await gateway.api('GET', `/v1/approvals/${id}`);
    expect(approval).toMatchObject({ state: 'pending', quorum: { needed: 2 } });
    expect(approval.quorum.approvals).toHaveLength(1);
  });
});

describe('a server that dies after the frozen call has reached it', () => {
  it('leaves the outcome unknown; nothing is sent again, and a person records what happened', async () => {
    const { gateway, person, agent, decide, settled, entries } = await startJourney();
    const client = await agent();
    const id = heldId(await client.call('crash'));
    await decide(id, 'approve');
    expect((await settled(id)).state).toBe('unknown');
    const told = await client.call('approval_wait', { approval_id: id });
    expect(told).toMatchObject({ isError: true, structuredContent: { status: 'unknown' } });
    expect((await client.call('crash')).structuredContent.status).toBe('unknown');
    await gateway.restart();
    expect((await gateway.api('GET', `/v1/approvals/${id}`)).body.state).toBe('unknown');
    expect(gateway.received()).toHaveLength(1);

    const path = `/v1/approvals/${id}/resolve`;
    expect((await gateway.api('POST', path, { as: 'succeeded', note: ' ' })).status).toBe(400);
    const resolved = await gateway.api('POST', path, { as: 'succeeded', note: 'The bank shows it.' });
    expect(resolved.body).toMatchObject({ state: 'succeeded', state_reason: 'The bank shows it.' });
    expect((await gateway.api('POST', path, { as: 'failed', note: 'no' })).status).toBe(409);
    expect((await entries(id)).slice(-2)).toEqual(['approval.outcome', 'approval.resolved']);
    expect(person.id).toMatch(/^per_/);
    expect(gateway.received()).toHaveLength(1);
  });
});
