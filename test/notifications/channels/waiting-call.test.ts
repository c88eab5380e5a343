import { expect, it } from 'vitest';
import { waitingCall } from '../../../src/app/wire-channels.ts';
import { openActionDesk } from '../../approvals/action-desk.ts';
import { openDesk } from '../../approvals/desk.ts';

it('an action is counted with whoever requested it, whatever actor the request names', async () => {
  const desk = await openActionDesk();
  const { approval: one } = await desk.request({ actor: 'agent-1' });
  const { approval: other } = await desk.request({ actor: 'agent-2' });
  const [first, second] = [waitingCall(one), waitingCall(other)];
  expect([first.agent, second.agent]).toEqual(['agent-1', 'agent-2']);
  expect(first.source).toBe(one.requester);
  expect(second.source).toBe(first.source);
  expect(first.pattern).toBe(one.call.tool);
  expect(first.what).toBe(`${one.call.tool} ${one.call.server}`);
});

it('a tool call is counted with all sessions of the same subject', async () => {
  const desk = await openDesk();
  const { approval } = await desk.hold({ amount_cents: 1 });
  expect(waitingCall(approval)).toMatchObject({
    what: 'bank/pay',
    pattern: 'bank/pay',
    agent: approval.subject,
    source: approval.subject,
    effect: 'pay: 0.01 (amount_cents 1)',
  });
});
