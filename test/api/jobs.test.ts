import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { connectV2 } from '../support/agents.ts';
import { openEvents } from './support/events.ts';
import { type Office, openOffice } from './support/office.ts';

let office: Office;
beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office.close());

/** A call that the policy holds, as the job that it is. */
async function hold(to: string, subject = 'ann'): Promise<{ id: string; approval: string; session: string }> {
  const minted = (await office.ask('POST', '/v1/sessions', { body: { subject } })).body;
  const client = await connectV2(minted.mcp, 'modern');
  const result: any = await client.callTool({ name: 'pay', arguments: { amount_cents: 100, to } });
  await client.close();
  const approval = result.structuredContent.approval_id as string;
  return { id: approval.replace('apr_', 'job_'), approval, session: minted.id };
}

async function follow(query = '', headers: Record<string, string> = {}) {
  const events = await openEvents(`${office.gateway.app.origin}/v1/jobs/events${query}`, {
    authorization: `Bearer ${office.keys.requester}`,
    ...headers,
  });
  onTestFinished(() => events.cut());
  return events;
}

const as = () => ({ as: office.keys.requester });

describe('the list of jobs', () => {
  it('is found by state and session, and pages by its cursor', async () => {
    const held = [await hold('a'), await hold('b'), await hold('c')];
    const newest = held.map(({ id }) => id).reverse();
    const first = (await office.ask('GET', '/v1/jobs?limit=2', as())).body;
    expect(first).toMatchObject({ has_more: true, data: newest.slice(0, 2).map((id) => ({ id })) });
    const rest = (await office.ask('GET', `/v1/jobs?limit=1&cursor=${first.next_cursor}`, as())).body;
    expect(rest.data[0].id).toBe(newest[2]);
    const { session, id, approval } = held[1] as (typeof held)[number];
    const mine = (await office.ask('GET', `/v1/jobs?session=${session}&state=waiting`, as())).body.data;
    expect(mine).toEqual([
      {
        id,
        state: 'waiting',
        source: 'approval',
        session,
        subject: 'ann',
        server: 'oracle',
        tool: 'pay',
        exposed: 'pay',
        progress: null,
        reason: null,
        approval,
        approval_url: `${office.gateway.app.origin}/approvals/${approval}`,
        call: null,
        cancel_requested_at: null,
        cancel_standing: null,
        created_at: expect.stringMatching(/^20/),
        updated_at: expect.stringMatching(/^20/),
        ended_at: null,
        keep_until: null,
      },
    ]);
    expect((await office.ask('GET', `/v1/jobs?session=${session}&state=completed`, as())).body.data).toEqual(
      [],
    );
  });

  it.each([
    ['state=done', 'state'],
    ['source=cron', 'source'],
    ['since=yesterday', 'since'],
    ['cursor=x', 'cursor'],
    ['user=ann', 'user'],
  ])('refuses %s and names the field', async (query, field) => {
    const { status, body } = await office.ask('GET', `/v1/jobs?${query}`, as());
    expect(status).toBe(400);
    expect(JSON.stringify(body.fields)).toContain(field);
  });
});

describe('one job', () => {
  it('is awaited until it has ended, then has its result', async () => {
    const { id, approval } = await hold('d');
    const early = await office.ask('GET', `/v1/jobs/${id}/wait?timeout_ms=0`, as());
    expect(early).toMatchObject({ status: 202, body: { state: 'waiting', result: null } });
    expect(early.headers.get('retry-after')).toBe('1');
    const waiting = office.ask('GET', `/v1/jobs/${id}/wait`, as());
    await office.person.decide(approval, 'approve');
    const ended = await waiting;
    expect(ended).toMatchObject({ status: 200, body: { state: 'completed', result: { kind: 'result' } } });
    expect((await office.ask('GET', `/v1/jobs/${id}`, as())).body).toEqual(ended.body);
  });

  it('that is cancelled while it waits is withdrawn by whoever asked, once', async () => {
    const { id, approval } = await hold('e');
    const cancelled = await office.ask('POST', `/v1/jobs/${id}/cancel`, { ...as(), body: {} });
    expect(cancelled).toMatchObject({ status: 200, body: { state: 'cancelled', reason: 'Withdrawn.' } });
    const again = await office.ask('POST', `/v1/jobs/${id}/cancel`, { ...as(), body: {} });
    expect(again).toMatchObject({ status: 409, body: { code: 'conflict' } });
    const [entry] = (await office.ask('GET', `/v1/logs?approval=${approval}&type=approval.cancelled`)).body
      .data;
    expect(entry.ref.principal).toMatch(/^api_key:/);
  });

  it('that does not exist is not found, in any way of asking', async () => {
    for (const path of ['job_none', 'job_none/wait?timeout_ms=0', 'apr_none'])
      expect(await office.ask('GET', `/v1/jobs/${path}`, as())).toMatchObject({ status: 404 });
    const cancel = await office.ask('POST', '/v1/jobs/job_none/cancel', { ...as(), body: {} });
    expect(cancel).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining('no job job_none') },
    });
  });
});

describe('the events of jobs', () => {
  it('tell what happened in order, and resume after a cut without a gap', async () => {
    const events = await follow('?subject=eve');
    await events.take(1);
    await hold('x', 'bob');
    const { id, approval } = await hold('f', 'eve');
    const [created] = await events.take(1);
    expect(created).toMatchObject({ event: 'created', data: { state: 'waiting', job: { id } } });
    expect(created?.id).toBe(String(created?.data.seq));
    events.cut();
    await office.person.decide(approval, 'approve');
    await office.ask('GET', `/v1/jobs/${id}/wait`, as());

    const again = await follow('?subject=eve', { 'last-event-id': created?.id ?? '' });
    const [, working, ended] = await again.take(3);
    expect(working).toMatchObject({ event: 'updated', data: { state: 'working' } });
    // The state is the one of then, the job is as it is now.
    expect(ended).toMatchObject({
      event: 'ended',
      data: { state: 'completed', job: { state: 'completed' } },
    });
    expect(working?.data.job.state).toBe('completed');
    expect(Number(ended?.id)).toBeGreaterThan(Number(working?.id));
  });

  it('refuse an id to resume after that is none', async () => {
    const headers = { 'last-event-id': 'yesterday' };
    const { status, body } = await office.ask('GET', '/v1/jobs/events', { headers });
    expect([status, body.fields[0].field]).toEqual([400, 'Last-Event-ID']);
  });
});
