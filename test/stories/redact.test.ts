import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../../src/core/digest.ts';
import { openTerminal } from '../cli/run-command.ts';
import { BASE_POLICY, type TestGateway } from '../support/gateway.ts';
import { heldId, startJourney } from './journey.ts';

const CANARY = 'canary-7f3a9c';
const PAY = { amount_cents: 7500, to: CANARY };

/** Which files of the data directory hold one of these texts. */
function holding(gateway: TestGateway, texts: readonly string[]): string[] {
  const folder = join(gateway.dir, 'data');
  return readdirSync(folder).flatMap((name) => {
    const bytes = readFileSync(join(folder, name));
    return texts.filter((text) => bytes.includes(text)).map((text) => `${name}: ${text}`);
  });
}

async function start(policy = BASE_POLICY) {
  const journey = await startJourney({ policy });
  const { gateway } = journey;
  const redact = (body: object) => gateway.api('POST', '/v1/logs/redact', body);
  const wholeLog = async () => JSON.stringify((await gateway.api('GET', '/v1/logs?limit=200')).body);
  const callIds = async (subject: string): Promise<string[]> => {
    const { body } = await gateway.api('GET', `/v1/logs?subject=${subject}&type=call.intent&order=asc`);
    return body.data.map((entry: any) => entry.ref.call);
  };
  return { ...journey, redact, wholeLog, callIds };
}

describe('redacting a subject', () => {
  it('leaves nothing of what its agents sent and received in the database, the answers or the log', async () => {
    const { gateway, session, agent, decide, settled, redact, wholeLog } = await start();
    const { mcp } = await session({ subject: 'ann' });
    const client = await agent('modern', mcp);
    await client.call('echo', { text: CANARY });
    const id = heldId(await client.call('pay', PAY));
    await decide(id, 'approve');
    const paid = await settled(id);
    expect(paid.result.text).toContain(CANARY);
    const secrets = [CANARY, sha256Hex(paid.call), paid.call_salt, paid.view_salt];
    // A restart moves everything out of the write-ahead log into the database, where erasing has to find it.
    await gateway.restart();
    const file = 'countersign.db';
    expect(holding(gateway, secrets)).toEqual(secrets.map((secret) => `${file}: ${secret}`));

    expect(await redact({ subject: 'ann' })).toMatchObject({
      status: 200,
      body: { redacted: expect.arrayContaining([id]), open: [], next_cursor: null },
    });
    const shown = (await gateway.api('GET', `/v1/approvals/${id}`)).body;
    expect(shown).toMatchObject({
      state: 'succeeded',
      redacted_at: expect.stringMatching(/^20/),
      call: '',
      call_salt: null,
      call_digest: null,
      view: '',
      result: null,
      call_commit: paid.call_commit,
    });
    const seen = await Promise.all(
      ['/v1/approvals', `/v1/approvals/${id}`, '/v1/logs?limit=200'].map((path) => gateway.api('GET', path)),
    );
    const exported = await fetch(`${gateway.app.origin}/v1/logs/export?payloads=true`, {
      headers: { authorization: `Bearer ${gateway.apiKey}` },
    });
    expect(exported.status).toBe(200);
    const answers = JSON.stringify([shown, seen, await wholeLog()]) + (await exported.text());
    for (const secret of secrets) expect(answers).not.toContain(secret);
    const [redaction] = (await gateway.api('GET', '/v1/logs?type=payload.redacted&subject=ann')).body.data;
    expect(redaction.body).toMatchObject({ reason: 'requested', subject: 'ann' });
    expect(redaction.ref.principal).toMatch(/^api_key:/);
    expect((await gateway.api('GET', '/v1/logs/verify')).body).toMatchObject({ ok: true });

    expect(holding(gateway, secrets)).toEqual([]);
  });

  it('tells the agent that asks for the result that it was redacted, and asks anew about the same call', async () => {
    const { agent, decide, settled, redact } = await start();
    const client = await agent();
    const id = heldId(await client.call('pay', PAY));
    await decide(id, 'approve');
    await settled(id);
    await redact({ id });
    const told = await client.call('approval_wait', { approval_id: id });
    expect(told).toMatchObject({
      isError: true,
      structuredContent: { status: 'redacted', state: 'succeeded', approval_id: id },
    });
    expect(JSON.stringify(told)).not.toContain(CANARY);
    expect(heldId(await client.call('pay', PAY))).not.toBe(id);
  });
});

describe('redacting one thing', () => {
  it('erases the arguments of one live call and leaves the next', async () => {
    const { agent, redact, callIds } = await start();
    const client = await agent();
    await client.call('echo', { text: 'one' });
    await client.call('echo', { text: 'two' });
    const [first, second] = await callIds('default');
    expect((await redact({ id: first })).body).toMatchObject({ redacted: [first] });
    expect((await redact({ id: first })).status).toBe(404);
    expect((await redact({ id: second })).body).toMatchObject({ redacted: [second] });
  });

  it('waits for an approval that is open, and says so', async () => {
    const { gateway, agent, redact } = await start();
    const id = heldId(await (await agent()).call('pay', PAY));
    const refused = await redact({ id });
    expect([refused.status, refused.body.detail]).toEqual([409, expect.stringMatching(/settled or cancel/)]);
    expect((await redact({ subject: 'default' })).body.open).toEqual([id]);
    await gateway.api('POST', `/v1/approvals/${id}/cancel`, {});
    expect((await redact({ id })).body.redacted).toEqual([id]);
    expect(await redact({ id })).toMatchObject({ status: 200, body: { redacted: [] } });
  });

  it.each([
    [{}, 400],
    [{ id: 'ses_1' }, 400],
    [{ id: 'req_none' }, 404],
    [{ id: 'apr_none' }, 404],
    [{ subject: 'nobody' }, 404],
    [{ subject: 'default', cursor: 'x' }, 400],
    [{ id: 'req_none', subject: 'default' }, 400],
  ])('answers %j with %i', async (body, status) => {
    const { redact } = await start();
    expect((await redact(body)).status).toBe(status);
  });
});

describe('the retention that policy asks for', () => {
  it('erases calls and approvals by itself, and says so once for each batch', async () => {
    const { gateway, agent, decide, settled } = await start(
      BASE_POLICY.replace('effect: hold }', 'effect: hold, retain: 2s }'),
    );
    const client = await agent();
    await client.call('echo', { text: CANARY });
    const id = heldId(await client.call('pay', PAY));
    await decide(id, 'approve');
    await settled(id);
    const erased = async () => {
      const { body } = await gateway.api('GET', '/v1/logs?type=payload.redacted');
      return body.data.flatMap((entry: any) => entry.body.ids).length;
    };
    await expect.poll(erased, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
    expect((await gateway.api('GET', `/v1/approvals/${id}`)).body).toMatchObject({ call: '', result: null });
    const { body } = await gateway.api('GET', '/v1/logs?type=payload.redacted');
    for (const entry of body.data)
      expect(entry).toMatchObject({ ref: { principal: 'gateway:sweep' }, body: { reason: 'retention' } });
    expect(holding(gateway, [CANARY])).toEqual([]);
  });
});

describe('countersign logs redact', () => {
  it('asks a person, never a program, and erases what it was told to', async () => {
    const { gateway, agent, callIds } = await start();
    const client = await agent();
    await client.call('echo', { text: CANARY });
    const id = heldId(await client.call('pay', PAY));
    const [call] = await callIds('default');
    const { run } = await openTerminal({
      COUNTERSIGN_URL: gateway.app.origin,
      COUNTERSIGN_API_KEY: gateway.apiKey,
    });
    const unasked = await run(`logs redact --id ${call}`);
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('--yes')]);
    const asked: string[] = [];
    const ask = (answer: string) => async (question: string) => {
      asked.push(question);
      return answer;
    };
    expect((await run(`logs redact --id ${call}`, { ask: ask('no') })).code).toBe(1);
    expect(await callIds('default')).toHaveLength(1);
    const erased = await run(`logs redact --id ${call}`, { ask: ask('yes') });
    expect([erased.code, erased.stdout]).toEqual([0, expect.stringMatching(/^1 erased/)]);
    expect(asked).toHaveLength(2);
    const all = await run('logs redact --subject default --yes --json');
    expect(all.code).toBe(5);
    expect(all.json()).toEqual([{ redacted: [], open: [id] }]);
    expect((await run('logs redact --yes')).code).toBe(2);
    expect((await run('logs redact --id req_none --yes')).code).toBe(1);
  });
});
