import { expect, test } from 'vitest';
import { refusal } from '../evidence/support/verify.ts';
import { openActionStage } from './action-support.ts';

test('whatever became of actions, their ledger verifies offline with everything disclosed', async () => {
  const stage = await openActionStage({ settings: { experimental: ['access-requests'] } });
  const { call, approver, gateway } = stage;
  const bot = await stage.serviceAccount('other-bot');
  const { body: own } = await call(
    'POST',
    '/v1/approvals',
    { action: 'deployment.execute', resource: 'service:x', metadata: { environment: 'production' } },
    bot.secret,
  );
  await approver.decide(own.id, 'approve');
  await stage.exchange(own.id, bot.secret);
  await call('POST', `/v1/approvals/${own.id}/outcome`, { state: 'failed', note: 'no quota' }, bot.secret);

  await stage.exchange(await stage.approved());
  const { body: allowed } = await stage.request({ metadata: { environment: 'staging' } });
  await stage.exchange(allowed.id);
  await stage.request({ metadata: { environment: 'moon' } });
  await approver.decide((await stage.request()).body.id, 'deny');
  await call('POST', `/v1/approvals/${(await stage.request()).body.id}/cancel`, {});

  const asked = {
    subject: { type: 'user', id: 'ann' },
    action: { name: 'deployment.execute' },
    resource: { type: 'service', id: 'x' },
    context: { environment: 'production' } as Record<string, unknown>,
  };
  const denied = (await call('POST', '/access/v1/evaluation', asked)).body.context.access_request;
  const { binding_token, expires_at } = denied;
  const submitted = { ...asked, denial: { binding_token, expires_at } };
  const { task } = (await call('POST', '/access/v1/requests', submitted)).body;
  await approver.decide(task.id, 'approve');
  const again = { ...asked, context: { ...asked.context, approval: { id: task.id } } };
  expect((await call('POST', '/access/v1/evaluation', again)).body.decision).toBe(true);

  const response = await fetch(`${gateway.app.origin}/v1/logs/export?payloads=true`, {
    headers: { authorization: `Bearer ${gateway.apiKey}` },
  });
  const { vkey } = (await gateway.api('GET', '/v1/logs/verify')).body;
  expect(await refusal(await response.text(), { vkey })).toBe('');
});
