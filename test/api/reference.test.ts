import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROBLEM_KINDS } from '../../src/api/problem.ts';
import { type Office, openOffice } from './support/office.ts';

let office: Office;
let page: string;
beforeAll(async () => {
  office = await openOffice();
  page = await (await fetch(`${office.gateway.app.origin}/docs`)).text();
});
afterAll(() => office.close());

describe('the reference page', () => {
  it('shows every operation of the OpenAPI document, once', () => {
    const operations = Object.entries<object>(office.document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
    );
    expect(operations.length).toBeGreaterThan(50);
    for (const { method, path } of operations) {
      const heading = `<h3><span class="method">${method}</span> <code>${path}</code></h3>`;
      expect(page.split(heading).length - 1, `${method} ${path}`).toBe(1);
    }
  });

  it('has a target for each of its links, and no name twice', () => {
    const names = [...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
    const links = [...page.matchAll(/ href="#([^"]+)"/g)].map((match) => match[1]);
    expect(new Set(names).size).toBe(names.length);
    expect(links.filter((link) => !names.includes(link))).toEqual([]);
  });

  it('runs no script, may load none, and is shown in no frame', async () => {
    const { headers } = await fetch(`${office.gateway.app.origin}/docs`);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('script-src');
    expect(policy).toContain("frame-ancestors 'none'");
    expect(page).not.toMatch(/<script|style=|onclick/);
    const style = await fetch(`${office.gateway.app.origin}/docs/style.css`);
    expect([style.status, style.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
  });

  it('has the colours of the dashboard, in light and in dark', async () => {
    const own = await (await fetch(`${office.gateway.app.origin}/docs/style.css`)).text();
    const base = new URL('../../src/dashboard/browser/style/base.css', import.meta.url);
    const colours = [...own.matchAll(/^ *--[a-z]+: .*;$/gm)].map(([line]) => line.trim());
    expect(colours.length).toBeGreaterThan(5);
    const dashboard = readFileSync(base, 'utf8');
    expect(colours.filter((colour) => !dashboard.includes(colour))).toEqual([]);
  });
});

describe('the list of problems', () => {
  const documented = readFileSync(new URL('../../docs/problems.md', import.meta.url), 'utf8');

  it.each(Object.entries(PROBLEM_KINDS))(
    'has %s on the page and in docs/problems.md, in the same words',
    (code, kind) => {
      expect(page).toContain(`id="problem-${code.replaceAll('_', '-')}"`);
      expect(documented).toContain(`## \`${code}\` (${kind.status})\n\n${kind.title}. ${kind.advice}\n`);
    },
  );
});
