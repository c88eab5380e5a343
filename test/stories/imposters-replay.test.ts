import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startApp } from '../../src/app.ts';
import { openLibsqlReader } from '../../src/storage/libsql.ts';
import { heldId, type Journey, PAY, startJourney } from './journey.ts';

interface Signed {
  readonly id: string;
  readonly statement_id: string;
  readonly assertion: object;
}

/** Holds a call, asks for a statement about it and signs that, without sending it. */
async function signed(journey: Journey, decision: 'approve' | 'deny', key: string): Promise<Signed> {
  const { person, agent } = journey;
  const id = heldId(await (await agent()).call('pay', PAY, key));
  const { body } = await person.statement(id, decision);
  return {
    id,
    statement_id: body.statement_id,
    assertion: person.device.get({ challenge: body.challenge }),
  };
}

async function submit({ gateway, person }: Journey, id: string, body: object): Promise<number> {
  const response = await fetch(`${gateway.app.origin}/v1/approvals/${id}/decide`, {
    method: 'POST',
    headers: {
      origin: gateway.app.origin,
      cookie: person.cookie,
      'x-countersign-csrf': '1',
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  });
  return response.status;
}

const stateOf = async ({ gateway }: Journey, id: string): Promise<string> =>
  (await gateway.api('GET', `/v1/approvals/${id}`)).body.state;

describe('an assertion', () => {
  it('for one call serves no other: not with its own statement, nor with that of the other', async () => {
    const journey = await startJourney();
    const x = await signed(journey, 'approve', 'x');
    const y = await signed(journey, 'approve', 'y');
    const mixed = [
      { statement_id: x.statement_id, assertion: x.assertion },
      { statement_id: y.statement_id, assertion: x.assertion },
      { statement_id: x.statement_id, assertion: y.assertion },
    ];
    for (const body of mixed) expect([401, 403]).toContain(await submit(journey, y.id, body));
    expect([await stateOf(journey, x.id), await stateOf(journey, y.id)]).toEqual(['pending', 'pending']);
    expect(journey.gateway.received()).toEqual([]);
  });

  it('that denies never approves', async () => {
    const journey = await startJourney();
    const { id, assertion } = await signed(journey, 'deny', 'x');
    const offered = await journey.person.statement(id, 'approve');
    const body = { statement_id: offered.body.statement_id, assertion };
    expect(await submit(journey, id, body)).toBe(401);
    expect(await submit(journey, id, { ...body, decision: 'approve' })).toBeGreaterThanOrEqual(400);
    expect(await stateOf(journey, id)).toBe('pending');
    expect(journey.gateway.received()).toEqual([]);
  });

  it('serves once: again, fifty times at once, and after a restart there is one dispatch', async () => {
    const journey = await startJourney();
    const { id, ...body } = await signed(journey, 'approve', 'x');
    const first = await Promise.all(Array.from({ length: 50 }, () => submit(journey, id, body)));
    expect(first.filter((status) => status === 200)).toHaveLength(1);
    expect((await journey.settled(id)).state).toBe('succeeded');
    expect(await submit(journey, id, body)).toBe(409);
    await journey.gateway.restart();
    expect(await submit(journey, id, body)).toBe(409);
    expect(journey.gateway.received()).toHaveLength(1);
  });
});

describe('a second process on the same data', () => {
  it('does not start, and the first goes on', async () => {
    const journey = await startJourney();
    const { dir } = journey.gateway;
    const second = startApp({
      port: 0,
      dataDir: join(dir, 'data'),
      configFile: join(dir, 'countersign.json'),
      policiesDir: join(dir, 'policies'),
      newEnrolLink: false,
      env: { ...process.env, COUNTERSIGN_LOG_LEVEL: 'silent' },
    });
    await expect(second).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('in use by another countersign process'),
    });
    const { id, ...body } = await signed(journey, 'approve', 'x');
    expect(await submit(journey, id, body)).toBe(200);
    expect((await journey.settled(id)).state).toBe('succeeded');
    expect(journey.gateway.received()).toHaveLength(1);
  });

  it('that only reads cannot spend, decide or write anything', async () => {
    const { gateway } = await startJourney();
    const reader = openLibsqlReader(join(gateway.dir, 'data', 'countersign.db'));
    for (const sql of [
      "UPDATE capability SET state = 'issued'",
      "UPDATE approval SET state = 'approved'",
      'DELETE FROM seen_proof',
    ])
      await expect(reader.query({ sql, params: [] })).rejects.toThrow(/readonly|read-only|query_only/i);
    reader.close();
  });
});
