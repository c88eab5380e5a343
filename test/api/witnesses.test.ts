import { expect, it, onTestFinished } from 'vitest';
import { startTestGateway } from '../support/gateway.ts';

it('a gateway without witnesses lists none, and has no checkpoint that one has cosigned', async () => {
  const gateway = await startTestGateway();
  onTestFinished(() => gateway.close());
  expect(await gateway.api('GET', '/v1/ledger/witnesses')).toEqual({ status: 200, body: { data: [] } });
  expect(await gateway.api('GET', '/v1/logs/checkpoint?cosigned=true')).toMatchObject({
    status: 404,
    body: { code: 'not_found', detail: expect.stringContaining('ledger.witnesses') },
  });
  expect(await gateway.api('GET', '/v1/logs/checkpoint?cosigned=perhaps')).toMatchObject({ status: 400 });
});
