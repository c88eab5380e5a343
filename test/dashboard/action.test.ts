import { expect, test } from 'vitest';
import { ACTION_POLICY, DEPLOY } from '../approvals/action-support.ts';
import { look } from './support/look.ts';
import { openStage, useBrowser } from './support/stage.ts';

const chromium = useBrowser();

test('an action is read, approved and followed on the page', async () => {
  const stage = await openStage(chromium.browser, { policy: ACTION_POLICY });
  const ada = await stage.enrolFirst();
  const metadata = { ...DEPLOY.metadata, note: '\u202Egnihton' };
  const { body: asked } = await stage.gateway.api('POST', '/v1/approvals', { ...DEPLOY, metadata });
  await ada.row(asked.id).getByText('by service-account:release-bot').waitFor();
  await ada.openCall(asked.id);
  const page = (await ada.page.locator('article').textContent()) ?? '';
  for (const words of [
    'deployment.execute on service:billing-api',
    'a right to this one action, once, for its requester alone',
    'Metadata and arguments',
    'untrusted: written by the requester',
    'The action changes what runs in production.',
    '⟦U+202E⟧gnihton',
    asked.requester,
  ])
    expect(page).toContain(words);
  expect(page).not.toContain('tool’s own description');
  await look(ada, 'action');
  await ada.openCall(asked.id);
  await ada.pressApprove();
  await ada.page.getByText('Approved; its requester may carry it out, once').waitFor();
  expect(await stage.approval(asked.id)).toMatchObject({
    state: 'approved',
    capability: { state: 'issued' },
  });
});

test('a page that shows another resource or actor than the one that is signed for is refused', async () => {
  const stage = await openStage(chromium.browser, { policy: ACTION_POLICY });
  const ada = await stage.enrolFirst();
  for (const [change, words] of [
    [{ resource: 'service:harmless' }, 'differ in the server or resource on the page'],
    [{ actor: 'service-account:other' }, 'differ in the actor on the page'],
  ] as const) {
    const { body: asked } = await stage.gateway.api('POST', '/v1/approvals', DEPLOY);
    await ada.page.route(/\/v1\/approvals\/apr_\w+$/, async (route) => {
      const response = await route.fetch();
      const shown = await response.json();
      await route.fulfill({ response, json: { ...shown, action: { ...shown.action, ...change } } });
    });
    await ada.openCall(asked.id);
    await ada.pressApprove();
    const alert = ada.page.getByRole('alert');
    await alert.getByText('Refused: what would be signed is not what you see').waitFor();
    expect(await alert.textContent()).toContain(words);
    await ada.page.unrouteAll();
    expect(await stage.approval(asked.id)).toMatchObject({ state: 'pending' });
  }
});
