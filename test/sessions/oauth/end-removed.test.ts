import { expect, it } from 'vitest';
import { mintSession } from '../../../src/sessions/mint.ts';
import { endSessionsOfRemoved } from '../../../src/sessions/oauth/end-removed.ts';
import { openDesk } from '../../approvals/desk.ts';

it('what a person gave who was removed right before a crash ends with the next start, and nothing else does', async () => {
  const desk = await openDesk();
  const { database, ledger, now, newId, random } = desk.office.deps;
  const ada = await desk.office.bootstrap();
  const minting = { ledger, now, newId, random, workspace: 'default', defaultTtlMs: 3_600_000 };
  const given = await mintSession(minting, {}, `person:${ada.person.id}`);
  const deps = { database, workspace: 'default', sessions: desk.sessions, now };
  await endSessionsOfRemoved(deps);
  expect(desk.sessions.mayStillAct(given.session.id)).toBe(true);
  await ledger.commit({
    then: [{ sql: 'UPDATE person SET removed_at = ? WHERE id = ?', params: [now(), ada.person.id] }],
    entries: [],
  });
  await endSessionsOfRemoved(deps);
  expect(await desk.sessions.get(given.session.id)).toMatchObject({
    revokedAt: now(),
    revokeReason: 'the person who gave it was removed',
  });
  expect(await desk.sessions.authenticate(given.token)).toBeUndefined();
  expect((await desk.sessions.get(desk.session.id))?.revokedAt).toBeUndefined();
  expect(await desk.office.entries('session.revoked')).toHaveLength(1);
});
