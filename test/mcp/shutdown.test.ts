import { expect, test } from 'vitest';
import { startTestGateway } from '../support/gateway.ts';
import { bothWires, modernWire } from './support/wire.ts';

test('when the gateway stops, waits end at once and say so, streams end, and calls under way finish', async () => {
  const gateway = await startTestGateway();
  const { mcp } = gateway.app.session;
  const wires = await bothWires(mcp);
  const pay = { name: 'pay', arguments: { amount_cents: 1, to: 'a' } };
  const held = await modernWire(mcp).request('tools/call', pay);
  const { approval_id } = held.message.result.structuredContent;

  const streams = await Promise.all(wires.map((wire) => wire.listen()));
  const waits = wires.map((wire) =>
    wire.request('tools/call', { name: 'approval_wait', arguments: { approval_id } }),
  );
  const slow = wires.map((wire) => wire.request('tools/call', { name: 'slow', arguments: { ms: 400 } }));
  await expect.poll(() => gateway.received().length).toBe(2);

  const started = performance.now();
  const closed = gateway.close();
  for (const reply of await Promise.all(waits)) {
    expect(reply.message.result.structuredContent).toMatchObject({ status: 'pending_approval', approval_id });
  }
  for (const reply of await Promise.all(slow)) expect(reply.message.result.content[0].text).toBe('done');
  await Promise.all(streams.map((stream) => stream.ended));
  await closed;
  expect(performance.now() - started).toBeLessThan(5_000);
});
