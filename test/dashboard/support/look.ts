import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Visit } from './visit.ts';

const SHOTS = process.env.COUNTERSIGN_SHOTS;
if (SHOTS !== undefined) mkdirSync(SHOTS, { recursive: true });

const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } } as const;
const SCHEMES = ['light', 'dark'] as const;

/** In every size and colour scheme: nothing that axe finds, nothing wider than the window. */
export async function look(visit: Visit, name: string): Promise<void> {
  const { page } = visit;
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of SCHEMES) {
      const what = `${name}-${size}-${colorScheme}`;
      await page.emulateMedia({ colorScheme });
      if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, `${what}.png`), fullPage: true });
      expect(await visit.axe(), what).toEqual([]);
    }
    const overflow = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    expect(overflow, `${name} is wider than its window, ${size}`).toBe(0);
  }
}
