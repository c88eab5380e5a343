import { expect, test } from 'vitest';
import { startAskingGateway } from './support/asking-gateway.ts';
import { mint } from './support/sessions.ts';
import { legacyWire } from './support/wire.ts';

test('a level that an earlier client has set is asked of a 2026-07-28 server with each of its calls', async () => {
  const asking = await startAskingGateway();
  try {
    const wire = await legacyWire((await mint(asking.gateway)).access);
    const mutter = async (): Promise<string[]> => {
      const { messages } = await wire.request('tools/call', { name: 'modern_mutter', arguments: {} });
      return messages
        .filter(({ method }) => method === 'notifications/message')
        .map(({ params }) => params.data);
    };
    expect(await mutter()).toEqual([]);
    await wire.request('logging/setLevel', { level: 'warning' });
    expect(await mutter()).toEqual(['a warning']);
    await wire.request('logging/setLevel', { level: 'debug' });
    expect(await mutter()).toEqual(['a warning', 'a detail']);
  } finally {
    await asking.close();
  }
});
