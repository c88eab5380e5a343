import { expect, onTestFinished, test } from 'vitest';
import { SECTIONS } from '../../src/dashboard/browser/model/sections.ts';
import { formGateway, LONG_TOOL } from '../dashboard/support/form-server.ts';
import { openStage, useBrowser } from '../dashboard/support/stage.ts';

const chromium = useBrowser();
const SLOW = { timeout: 90_000 };
const BODY_PX = `Number.parseFloat(getComputedStyle(document.body).fontSize)`;
const TOO_WIDE = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

test('text of twice the size, a very wide screen and one in few colours show everything', SLOW, async () => {
  const form = formGateway();
  onTestFinished(form.clear);
  const stage = await openStage(chromium.browser, form);
  const ada = await stage.enrolFirst();
  const { page } = ada;
  const large = await ada.page.context().newPage();
  await large.addInitScript(`document.addEventListener('DOMContentLoaded', () => {
    document.documentElement.style.setProperty('font-size', '200%');
  })`);
  await stage.hold({ name: 'x'.repeat(300) }, LONG_TOOL);
  for (let n = 0; n < 6; n += 1) await stage.hold({ n, to: 'everybody' }, 'cards_create');
  const id = await stage.hold(
    { to: 'bob\u202E@example.com', deep: { a: ['y'.repeat(90)] } },
    'company_close',
  );
  const paths = [...SECTIONS.map(({ path }) => path), `/approvals/${id}`, '/servers/form', '/logs/3'];
  const wide: string[] = [];
  const settle = async (on: typeof page, name: string, path: string): Promise<void> => {
    await on.goto(`${stage.gateway.app.origin}${path}`);
    await on.getByRole('heading', { level: 1 }).waitFor();
    await expect.poll(() => on.locator('.skeleton').count(), { timeout: 5_000 }).toBe(0);
    if ((await on.evaluate<number>(TOO_WIDE)) > 0) wide.push(`${name} ${path}`);
  };
  await large.setViewportSize({ width: 1280, height: 800 });
  for (const path of paths) await settle(large, 'large', path);
  expect(await large.evaluate(BODY_PX)).toBe(32);

  await page.setViewportSize({ width: 3840, height: 2160 });
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const path of paths) await settle(page, 'wide', path);
  expect(await page.evaluate(BODY_PX)).toBe(24);
  expect(await page.evaluate('document.getAnimations().length')).toBe(0);
  expect((await page.locator('main').boundingBox())?.width).toBeGreaterThan(1_900);

  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ forcedColors: 'active' });
  await ada.goto('/');
  await ada.row(id).waitFor();
  await page.keyboard.press('j');
  const borderOf = (selector: string, side: string) =>
    page.evaluate<string>(`getComputedStyle(document.querySelector('${selector}')).${side}`);
  expect(await borderOf('.risk', 'borderTopStyle')).toBe('solid');
  expect(await borderOf('.rows li.selected', 'outlineStyle')).toBe('solid');
  expect(await ada.axe()).toEqual([]);
  expect(wide).toEqual([]);
});
