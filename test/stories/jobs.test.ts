import { describe, expect, it } from 'vitest';
import { Countersign } from '../../src/sdk/countersign.ts';
import type { JobEvent } from '../../src/sdk/jobs.ts';
import { heldId, startJourney } from './journey.ts';
import { laboratory } from './laboratory.ts';

const FOREVER_MS = 600_000;

async function start(stepMs: number, policy?: string) {
  const journey = await startJourney(laboratory({ stepMs, ...(policy === undefined ? {} : { policy }) }));
  const { gateway } = journey;
  const client = () => new Countersign({ baseUrl: gateway.app.origin, apiKey: gateway.apiKey });
  return { ...journey, client };
}

async function onlyJob(client: Countersign) {
  const { data } = await client.jobs.list();
  expect(data).toHaveLength(1);
  return data[0] as (typeof data)[number];
}

describe('research that goes on after the call that began it', () => {
  it('is a job with progress, whose end the SDK awaits and an event tells', async () => {
    const { agent, client, gateway } = await start(150);
    const stop = new AbortController();
    const events: JobEvent[] = [];
    const following = (async () => {
      for await (const event of client().jobs.events(
        { server: 'sandbox' },
        { signal: stop.signal, after: -1 },
      )) {
        events.push(event);
        if (event.event === 'ended') return;
      }
    })();
    const began = await (await agent()).call('research_start', { question: 'who' });
    expect(began.structuredContent).toMatchObject({ research_id: 'rsc_0001' });

    const job = await onlyJob(client());
    expect(job).toMatchObject({ source: 'poll', tool: 'research_start', approval: null });
    const ended = await client().jobs.wait(job.id, { timeoutMs: 15_000 });
    expect(ended).toMatchObject({ state: 'completed', progress: { total: 5 } });
    // What policy hides in results is hidden here too.
    expect(ended.result?.text).toContain('"status":"done"');
    expect(ended.result?.text).not.toContain('found nothing');
    await following;
    stop.abort();
    expect(events[0]).toMatchObject({ event: 'created', state: 'working', job: { id: job.id } });
    expect(events.some(({ event }) => event === 'progress')).toBe(true);
    expect(events.at(-1)).toMatchObject({ event: 'ended', state: 'completed' });

    // Every question to the server is on the ledger, and none was taken from the session's calls.
    const asked = await gateway.api('GET', '/v1/logs?action=sandbox/research_status&type=call.intent');
    expect(asked.body.data.length).toBeGreaterThan(1);
    expect(asked.body.data.every((entry: any) => entry.body.own === true)).toBe(true);
    expect((await gateway.api('GET', `/v1/sessions/${job.session}`)).body.calls).toBe(1);
  });

  it('is followed on after a restart of the gateway', async () => {
    const { agent, client, gateway } = await start(400);
    await (await agent()).call('research_start', { question: 'who' });
    const job = await onlyJob(client());
    await gateway.restart();
    expect(await client().jobs.wait(job.id, { timeoutMs: 15_000 })).toMatchObject({ state: 'completed' });
  });

  it('is stopped on demand, by the tool that stops it', async () => {
    const { agent, client } = await start(FOREVER_MS);
    await (await agent()).call('research_start', { question: 'who' });
    const job = await onlyJob(client());
    await client().jobs.cancel(job.id);
    expect(await client().jobs.wait(job.id, { timeoutMs: 15_000 })).toMatchObject({ state: 'cancelled' });
  });

  it('is not asked about any more once its session is revoked', async () => {
    const { agent, client, gateway, session } = await start(FOREVER_MS);
    const { id, mcp } = await session();
    await (await agent('modern', mcp)).call('research_start', { question: 'who' });
    const job = await onlyJob(client());
    await gateway.api('POST', `/v1/sessions/${id}/revoke`, {});
    expect(await client().jobs.wait(job.id, { timeoutMs: 15_000 })).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining('no such session'),
    });
  });

  it('is not asked about where the session may not call the tool that tells of it', async () => {
    const { agent, client, gateway, session } = await start(FOREVER_MS);
    const { mcp } = await session({ tools: ['sandbox/research_start'] });
    await (await agent('modern', mcp)).call('research_start', { question: 'who' });
    const job = await onlyJob(client());
    expect(await client().jobs.wait(job.id, { timeoutMs: 15_000 })).toMatchObject({ state: 'unknown' });
    const asked = await gateway.api('GET', '/v1/logs?action=sandbox/research_status&type=call.intent');
    expect(asked.body.data).toEqual([]);
  });
});

describe('an approved call that takes its time', () => {
  it('is a job with progress while it runs, and completes with its result', async () => {
    const { agent, client, decide } = await start(500);
    const id = heldId(await (await agent()).call('image_generate', { prompt: 'a lighthouse' }));
    const job = await onlyJob(client());
    expect(job).toMatchObject({ state: 'waiting', source: 'approval', approval: id });
    expect(job.approvalUrl).toMatch(new RegExp(`/approvals/${id}$`));
    await decide(id, 'approve');
    await expect.poll(async () => (await client().jobs.get(job.id)).progress?.message).toBe('drawing');
    const ended = await client().jobs.wait(job.id, { timeoutMs: 15_000 });
    expect(ended.state).toBe('completed');
    expect(ended.result?.text).toContain('img_0001');
  });

  it('is told to stop when its job is cancelled, and nobody claims to know what became of it', async () => {
    const { agent, client, decide } = await start(FOREVER_MS);
    const id = heldId(await (await agent()).call('image_generate', { prompt: 'a lighthouse' }));
    const { id: jobId } = await onlyJob(client());
    await decide(id, 'approve');
    await expect.poll(async () => (await client().jobs.get(jobId)).progress?.progress).toBe(0);
    await client().jobs.cancel(jobId);
    const ended = await client().jobs.wait(jobId, { timeoutMs: 15_000 });
    expect(ended).toMatchObject({ state: 'unknown', reason: expect.stringContaining('cancelled') });
  });
});

it('a redacted subject leaves nothing of its jobs, in the database or in any answer', async () => {
  const { agent, client, gateway, session } = await start(1);
  const { mcp } = await session({ subject: 'ann' });
  const question = 'canary-5d21';
  await (await agent('modern', mcp)).call('research_start', { question });
  const job = await onlyJob(client());
  await client().jobs.wait(job.id, { timeoutMs: 15_000 });
  const { body } = await gateway.api('POST', '/v1/logs/redact', { subject: 'ann' });
  expect(body).toMatchObject({ redacted: expect.arrayContaining([job.id]), open: [] });
  expect(await client().jobs.get(job.id)).toMatchObject({ state: 'completed', result: null, progress: null });
  const again = await gateway.api('POST', '/v1/logs/redact', { id: job.id });
  expect(again).toMatchObject({ status: 200, body: { redacted: [] } });
});
