import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { dashboardRoutes } from '../../src/dashboard/serve.ts';

const LIMIT_BYTES = 60 * 1024;

const answer = dashboardRoutes({ secure: false });
const text = (path: string) => new TextDecoder().decode(answer(path)?.body);

test('the first load takes at most 60 KB of script over the network', () => {
  const scripts = [...text('/').matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(
    ([, path = '']) => path,
  );
  const bytes = scripts.map((path) => gzipSync(text(path)).length).reduce((sum, one) => sum + one, 0);
  expect(scripts.length).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(LIMIT_BYTES);
});

test('the service worker is one small script of its own, which keeps no answer of the gateway', () => {
  const worker = text('/worker.js');
  expect(gzipSync(worker).length).toBeLessThan(8 * 1024);
  expect(worker).not.toMatch(/\bimport\b|\bimportScripts\b|\bcaches\b|\bindexedDB\b/);
});
