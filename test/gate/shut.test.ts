import { describe, expect, it } from 'vitest';
import type { CatalogTool } from '../../src/downstream/catalog.ts';
import type { GateDeps } from '../../src/gate/call.ts';
import { callForJob } from '../../src/gate/call-for-job.ts';
import { callTool } from '../../src/gate/gate.ts';
import { offeredTools } from '../../src/gate/offer.ts';
import type { Session } from '../../src/sessions/session.ts';
import { catalogOf, PAY } from '../approvals/desk.ts';

const SESSION = { id: 'ses_1', subject: 'user:a', scope: ['*'], labels: {} } as unknown as Session;
const REFUSAL = { by: 'person:per_1', at: 0, reason: undefined };
const SHUT: readonly [string, Partial<CatalogTool>, RegExp][] = [
  ['quarantined', { state: 'quarantined' }, /^The tool pay of server bank is quarantined: .* must review/],
  [
    'refused',
    { state: 'refused', refusal: REFUSAL },
    /^The tool pay of server bank is shut: its definition was refused by person:per_1 at 1970-01-01T00:00:00\.000Z\. It opens/,
  ],
];

/** A gate in which nothing stands in the way of a call but the tool; sending one fails the test. */
function gateWith(more: Partial<CatalogTool>): GateDeps {
  const catalog = catalogOf({ ...PAY, ...more });
  const verdict = { effect: 'allow', matched: [], shadow: [] };
  const gate = {
    isActive: () => true,
    downstreams: { catalog: () => catalog, request: () => expect.unreachable('it was sent') },
    policy: () => ({ possibleEffects: () => ['allow'], evaluate: () => verdict }),
  };
  return gate as unknown as GateDeps;
}

describe.each(SHUT)('a tool that is %s', (_state, more, words) => {
  it('is not called, and the words say why and who can help', async () => {
    const call = { session: SESSION, name: 'pay', args: {}, meta: undefined, idempotencyKey: undefined };
    expect(await callTool(gateWith(more), call)).toEqual({
      kind: 'refused',
      code: 'tool_quarantined',
      message: expect.stringMatching(words),
    });
  });

  it('is not asked about work that it does, in the same words', async () => {
    const asked = callForJob(gateWith(more), { session: SESSION, server: 'bank', tool: 'pay', args: {} });
    await expect(asked).rejects.toMatchObject({
      code: 'tool_quarantined',
      message: expect.stringMatching(words),
    });
  });

  it('is in no list', () => {
    const gate = gateWith(more);
    expect(offeredTools(gate, SESSION, gate.downstreams.catalog())).toEqual([]);
  });
});
