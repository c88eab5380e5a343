import { describe, expect, test } from 'vitest';
import { mint } from '../mcp/support/sessions.ts';
import { bothWires } from '../mcp/support/wire.ts';
import { declaring, taskClient } from '../mcp/tasks/support/task-client.ts';
import { says, startHttpFixture } from '../support/downstreams/http-fixture.ts';
import { BASE_POLICY, startTestGateway } from '../support/gateway.ts';
import { ERAS } from './support/raw-agents.ts';

const POLICY = `${BASE_POLICY}  - id: remote
    match: { tools: ["remote/*"] }
    effect: allow
`;
const SECRETS = {
  cookie: 'sid=secret-cookie',
  'proxy-authorization': 'Basic secret-proxy',
  'x-api-key': 'secret-key',
  'x-forwarded-authorization': 'Bearer secret-forwarded',
};

test('the task of another session is as unknown as one that never was, to every method of either era', async () => {
  const gateway = await startTestGateway();
  try {
    const [mine, theirs] = [await mint(gateway), await mint(gateway)];
    const owner = taskClient(theirs.access);
    const { taskId } = await owner.call('pay', { amount_cents: 1, to: 'a' });
    const before = await owner.get(taskId);
    expect(before.status).toBe('working');
    for (const wire of await bothWires(mine.access)) {
      const methods = wire.era === 'modern' ? ['get', 'update', 'cancel'] : ['get', 'result', 'cancel'];
      const meta = wire.era === 'modern' ? declaring() : {};
      for (const method of methods.map((one) => `tasks/${one}`)) {
        const ask = async (id: string) => {
          const answers = method === 'tasks/update' ? { inputResponses: {} } : {};
          const reply = await wire.request(method, { taskId: id, ...answers }, { meta });
          return [reply.status, JSON.stringify(reply.message.error).replaceAll(id, 'ID')];
        };
        const foreign = await ask(taskId);
        expect(foreign, `${wire.era} ${method}`).toEqual(await ask(`${taskId.slice(0, -4)}none`));
        expect(foreign[1]).toContain('not_found');
      }
    }
    expect(await owner.get(taskId)).toEqual(before);
  } finally {
    await gateway.close();
  }
});

describe.each(ERAS)('a %s server over HTTP', (era) => {
  test('gets the credentials that config gives it, and none that came with a request of either era', async () => {
    const fixture = await startHttpFixture({ era, calls: { look: says('seen') } });
    const headers = { authorization: 'Bearer of-the-gateway' };
    const gateway = await startTestGateway({
      policy: POLICY,
      oracle: false,
      servers: { remote: { url: fixture.url, headers } },
    });
    try {
      const session = await mint(gateway);
      for (const access of [session.access, session.secret]) {
        for (const wire of await bothWires(access)) {
          for (const meta of [{ token: session.token }, { progressToken: 'p' }]) {
            const params = { name: 'look', arguments: {} };
            const reply = await wire.request('tools/call', params, { headers: SECRETS, meta });
            expect(reply.message.result.content[0].text).toBe('seen');
          }
        }
      }
      expect(fixture.calls()).toHaveLength(8);
      const everything = JSON.stringify(fixture.received.map((one) => one.headers));
      for (const secret of [session.token, ...Object.values(SECRETS)])
        expect(everything).not.toContain(secret);
      for (const one of fixture.received) expect(one.headers.authorization).toBe('Bearer of-the-gateway');
    } finally {
      await gateway.close();
    }
  });
});
