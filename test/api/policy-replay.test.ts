import { afterAll, beforeAll, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { openLibsql } from '../../src/storage/libsql.ts';
import { connectV1 } from '../support/agents.ts';
import { faultyDatabase } from '../support/faulty-database.ts';
import { type Office, openOffice } from './support/office.ts';

const POLICY = `version: 1
rules:
  - id: harmless
    match: { tools: ["oracle/echo"] }
    effect: allow
`;

const disk = { full: false };
let office: Office;

beforeAll(async () => {
  office = await openOffice({
    policy: POLICY,
    openDatabase: (file) =>
      faultyDatabase(openLibsql({ file }), { apply: () => (disk.full ? 'lost' : 'ok') }),
  });
  const agent = await connectV1(office.gateway.app.session.mcp);
  for (const text of ['a', 'b']) await agent.callTool({ name: 'echo', arguments: { text } });
  await agent.close();
});
afterAll(() => office.close());

const replay = (as: string, body: object) => office.ask('POST', '/v1/policies/replay', { as, body });

it('a replay is on the ledger once, with who asked which files about how many calls, and nothing else is', async () => {
  const before = (await office.ask('GET', '/v1/logs/verify')).body.size;
  const since = '2020-01-01T00:00:00Z';
  const answer = await replay(office.person.cookie, { files: { 'a.yaml': POLICY }, since });
  const { report } = JSON.parse(answer.text.trimEnd().split('\n').at(-1) ?? '');
  expect(report).toMatchObject({ calls: 2, left_out: 0, changed: 0 });
  expect((await office.ask('GET', '/v1/logs/verify')).body.size).toBe(before + 1);
  const [entry] = (await office.ask('GET', '/v1/logs?type=policy.replayed&limit=1')).body.data;
  expect(entry).toMatchObject({
    ref: { principal: `person:${office.person.id}` },
    body: {
      policy: report.policy_version,
      since: Date.parse(since),
      until: Date.parse(report.until),
      calls: 2,
    },
  });
});

it('files that are no policy leave nothing on the ledger', async () => {
  const before = (await office.ask('GET', '/v1/logs/verify')).body.size;
  const refused = await replay(office.person.cookie, { files: { 'bad.yaml': 'version: 9\n' } });
  expect([refused.status, refused.body.code]).toEqual([422, 'policy_invalid']);
  expect((await office.ask('GET', '/v1/logs/verify')).body.size).toBe(before);
});

it('nothing is told while the ledger cannot be written, and a replay that was refused keeps none from running', async () => {
  const files = { 'a.yaml': POLICY };
  disk.full = true;
  for (let round = 0; round < LIMITS.policyReplaysAtOnce; round++)
    for (const as of [office.person.cookie, office.gateway.apiKey]) {
      const refused = await replay(as, { files });
      expect([refused.status, refused.body.code]).toEqual([503, 'ledger_unavailable']);
    }
  disk.full = false;
  expect((await replay(office.person.cookie, { files })).status).toBe(200);
});

it('the texts in force are read by people and operators, to begin other files with', async () => {
  const { body } = await office.ask('GET', '/v1/policies/files', { as: office.person.cookie });
  expect(body.version).toBe((await office.ask('GET', '/v1/policies')).body.version);
  expect(body.files).toEqual({ 'policy.yaml': POLICY });
});

it('files that take too long to judge a call are stopped for a person, with what to do, and free their place', async () => {
  const list = `[${Array.from({ length: 200 }, (_, at) => at).join(',')}]`;
  const when = `${list}.all(x, ${list}.all(y, x + y >= 0))`;
  const rules = Array.from(
    { length: 800 },
    (_, at) => `  - { id: slow-${at}, match: { tools: ["*"] }, effect: deny, when: "${when}" }`,
  );
  const files = Object.fromEntries(
    ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name, at) => {
      const own = rules.slice(at * 100, (at + 1) * 100);
      return [`${name}.yaml`, `version: 1\nrules:\n${own.join('\n')}\n`];
    }),
  );
  for (let round = 0; round <= LIMITS.policyReplaysAtOnce; round++) {
    const { status, text } = await replay(office.person.cookie, { files });
    expect(status).toBe(200);
    const { problem } = JSON.parse(text.trimEnd().split('\n').at(-1) ?? '');
    expect(problem).toEqual({ code: 'invalid_request', detail: expect.stringContaining('policy replay') });
  }
}, 60_000);
