import { describe, expect, test } from 'vitest';
import { mint } from '../mcp/support/sessions.ts';
import { bothWires } from '../mcp/support/wire.ts';
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
