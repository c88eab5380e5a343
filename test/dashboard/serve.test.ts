import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dashboardRoutes } from '../../src/dashboard/serve.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-dashboard-'));
});
afterEach(async () => rm(folder, { recursive: true }));

async function build(): Promise<void> {
  await mkdir(join(folder, 'public', 'assets'), { recursive: true });
  await writeFile(join(folder, 'secret.html'), 'secret');
  await writeFile(join(folder, 'public', 'index.html'), '<!doctype html><title>page</title>');
  await writeFile(join(folder, 'public', 'assets', 'index-abc.js'), 'export {};');
  await writeFile(join(folder, 'public', 'notes.txt'), 'not part of the page');
  await symlink(join(folder, 'secret.html'), join(folder, 'public', 'link.html'));
}

const routes = (secure = false) => dashboardRoutes({ folder: join(folder, 'public'), secure });
const text = (body: Uint8Array | undefined) => new TextDecoder().decode(body);

test('every screen has the one document, which is never stored', async () => {
  await build();
  const answer = routes();
  for (const path of [
    '/',
    '/approvals/apr_0123456789ABCDEFabcdef',
    '/enrol',
    '/sign-in',
    '/people',
    '/keys',
    '/webhooks/whk_1',
    '/settings',
    '/history',
    '/sessions',
    '/sessions/ses_0123456789ABCDEFabcdef',
    '/jobs/job_1',
    '/servers/my-server_2',
    '/overview',
    '/logs',
    '/logs/12',
    '/logs/req_1',
    '/policies',
  ]) {
    expect(text(answer(path)?.body)).toContain('<title>page</title>');
    expect(answer(path)).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
  }
});

test('every answer carries the policy that lets nothing in from elsewhere', async () => {
  await build();
  for (const path of ['/', '/assets/index-abc.js']) {
    expect(routes()(path)?.headers).toMatchObject({
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
        "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
        "require-trusted-types-for 'script'; trusted-types countersign-worker",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    });
  }
  expect(routes(true)('/')?.headers).toHaveProperty('strict-transport-security');
  expect(routes(false)('/')?.headers).not.toHaveProperty('strict-transport-security');
});

test('built files have their type and may be kept for ever', async () => {
  await build();
  expect(routes()('/assets/index-abc.js')?.headers).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'public, max-age=31536000, immutable',
  });
});

test.each([
  '/../secret.html',
  '/assets/../../secret.html',
  '/..%2fsecret.html',
  '/%2e%2e/secret.html',
  '//secret.html',
  '/assets/..\\..\\secret.html',
  '/link.html',
  '/notes.txt',
  '/index.html',
  '/assets',
  '/assets/',
  '/approvals/',
  '/approvals/a/b',
  '/approvals/..',
  '/sessions/',
  '/servers/a/b',
  '/jobs/..',
  '/constructor',
  '/toString',
  '',
])('nothing is served at %j', async (path) => {
  await build();
  expect(routes()(path)).toBeUndefined();
});

test('without a build every screen says how to make one, under the same policy', () => {
  const answer = routes()('/approvals/apr_1');
  expect(answer?.status).toBe(503);
  expect(text(answer?.body)).toContain('npm run build');
  expect(answer?.headers['content-security-policy']).toContain("default-src 'none'");
  expect(routes()('/assets/index-abc.js')).toBeUndefined();
});
