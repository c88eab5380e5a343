import { expect, onTestFinished, test } from 'vitest';
import { Countersign } from '../../src/sdk/countersign.ts';
import { json, startFakeGateway } from './fake-gateway.ts';

test('a link that opens the dialog to deny is asked about by approval and signature', async () => {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  gateway.on('GET /v1/approvals/apr_1/deny-link', json(200, { id: 'apr_1', valid: false }));
  const { channels } = new Countersign({ baseUrl: gateway.origin, apiKey: 'cs_k' });
  expect(await channels.isDenyLink({ approval: 'apr_1', signature: 'a b' })).toBe(false);
  expect(gateway.seen).toHaveLength(1);
});
