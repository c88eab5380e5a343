import { expect, it, onTestFinished } from 'vitest';
import { Countersign } from '../../src/sdk/countersign.ts';
import { isJobEnded } from '../../src/sdk/jobs.ts';
import { json, page, startFakeGateway } from './fake-gateway.ts';
import { jobDetailWire, jobWire } from './wire-samples.ts';

async function setUp() {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  return { gateway, client: new Countersign({ baseUrl: gateway.origin, apiKey: 'cs_k', maxRetries: 0 }) };
}

it('only this user’s jobs are found through a user', async () => {
  const { gateway, client } = await setUp();
  gateway.on('GET /v1/jobs', page([jobWire]));
  gateway.on('GET /v1/jobs/job_1', json(200, jobDetailWire));
  const user = client.forUser('user-2');
  await user.jobs.list({ state: 'working' });
  expect(gateway.seen[0]?.query).toEqual({ state: 'working', subject: 'user-2' });
  for (const refused of [user.jobs.get('job_1'), user.jobs.wait('job_1'), user.jobs.cancel('job_1')])
    await expect(refused).rejects.toMatchObject({ code: 'not_found' });
  expect(gateway.seen.every(({ method }) => method === 'GET')).toBe(true);
  expect(await client.forUser('user-1').jobs.get('job_1')).toMatchObject({ createdAt: jobWire.created_at });
});

it('waiting without a wish for updates asks for the longest time, with one for two seconds', async () => {
  const { gateway, client } = await setUp();
  const ended = json(200, { ...jobDetailWire, state: 'completed' });
  gateway.on('GET /v1/jobs/job_1/wait', json(202, jobDetailWire), ended, json(202, jobDetailWire), ended);
  const seen: string[] = [];
  expect(isJobEnded(await client.jobs.wait('job_1'))).toBe(true);
  await client.jobs.wait('job_1', { onUpdate: ({ state }) => seen.push(state) });
  expect(gateway.seen.map(({ query }) => query.timeout_ms)).toEqual(['25000', '25000', '2000', '2000']);
  expect(seen).toEqual(['working', 'completed']);
});

it('an event of the stream that is about no job is an error, not a job', async () => {
  const { gateway, client } = await setUp();
  gateway.on('GET /v1/jobs/events', (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end('event: ended\ndata: {"seq":1}\n\n');
  });
  const reading = async () => {
    for await (const event of client.jobs.events()) return event;
    return undefined;
  };
  await expect(reading()).rejects.toMatchObject({ code: 'bad_response' });
});
