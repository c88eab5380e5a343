import { expect, it } from 'vitest';
import { look } from '../dashboard/support/look.ts';
import { openStage, useBrowser } from '../dashboard/support/stage.ts';

const chromium = useBrowser();

it('the API’s reference is accessible, fits desktop and phone, and is searched by its links', async () => {
  const stage = await openStage(chromium.browser);
  const visit = await stage.visit();
  await visit.goto('/docs');
  await visit.page.getByRole('heading', { name: 'Countersign API' }).waitFor();
  await look(visit, '40-reference');
  await visit.page.getByRole('link', { name: 'POST /v1/sessions', exact: true }).click();
  const section = visit.page.locator('section:target');
  await expect.poll(() => section.getByRole('heading', { level: 3 }).textContent()).toBe('POST /v1/sessions');
  await expect.poll(() => section.isVisible()).toBe(true);
});
