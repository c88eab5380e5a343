import { expect, it, onTestFinished } from 'vitest';
import { createSessionDirectory } from '../../../src/sessions/directory.ts';
import { refreshConnection } from '../../../src/sessions/oauth/refresh-token.ts';
import { openDesk } from './support/desk.ts';

it('a token that is replaced while it is looked up is not taken from then on', async () => {
  const desk = await openDesk();
  onTestFinished(() => desk.close());
  const { database, ledger, now } = desk.deps;
  const found = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const slow: typeof database = {
    async query(statement) {
      const rows = await database.query(statement);
      found.resolve();
      await go.promise;
      return rows;
    },
  };
  const sessions = createSessionDirectory({ workspace: 'default', database: slow, ledger, now });
  const tokens = await desk.connect();
  const early = sessions.authenticate(tokens.accessToken);
  await found.promise;
  const asked = { token: tokens.refreshToken, clientId: desk.client.id, resource: undefined };
  await refreshConnection({ ...desk.deps, sessions }, asked);
  go.resolve();
  await early;
  expect(await sessions.authenticate(tokens.accessToken)).toBeUndefined();
});
