import { describe, expect, it } from 'vitest';
import type { Entry, EntryDraft } from '../../src/ledger/entry.ts';
import { cefLine } from '../../src/ledger/formats/cef.ts';
import { csvHeader, csvLine } from '../../src/ledger/formats/csv.ts';
import { writeLines } from '../../src/ledger/formats/write-lines.ts';
import { fill, openFixture, START_MS } from './fixture.ts';

function entryOf(draft: Partial<EntryDraft>): Entry {
  const blank = { type: 'call.denied', ref: {}, body: {} } as const;
  return { v: 1, log: 'localhost/log', seq: 7, ts: START_MS, ...blank, ...draft };
}

/** The cells of one line, as RFC 4180 has it. */
function cells(line: string): string[] {
  const found = [...line.slice(0, -2).matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)];
  return found.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '');
}

const NAMES = cells(csvHeader());

function csv(draft: Partial<EntryDraft>): Record<string, string> {
  const values = cells(csvLine(entryOf(draft)));
  expect(values).toHaveLength(NAMES.length);
  return Object.fromEntries(NAMES.map((name, index) => [name, values[index] ?? '']));
}

describe('a line of CSV', () => {
  it('has what the entry is about in columns, and its body as JSON', () => {
    const row = csv({
      ref: { subject: 'ann', action: 'sandbox/refund' },
      body: { rule: 'no', reason: 'Not, "now"\nor ever' },
    });
    expect(row).toMatchObject({
      seq: '7',
      time: '2026-01-01T00:00:00.000Z',
      type: 'call.denied',
      subject: 'ann',
      tool: 'refund',
      verdict: 'deny',
      reason: 'Not, "now"\nor ever',
    });
    expect(JSON.parse(row.body ?? '')).toEqual({ rule: 'no', reason: 'Not, "now"\nor ever' });
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '  =1', '＝1', '\n@x'])(
    'never begins a cell with what a spreadsheet computes: %j',
    (text) => {
      const row = csv({ ref: { subject: text, action: text }, body: { reason: text } });
      expect([row.subject, row.action, row.reason]).toEqual([`'${text}`, `'${text}`, `'${text}`]);
    },
  );

  it('ends with CR LF and has no other line ends outside quotes', () => {
    const line = csvLine(entryOf({ body: { reason: 'a\r\nb\nc' } }));
    expect(line.endsWith('\r\n')).toBe(true);
    expect(line.slice(0, -2).replaceAll(/"(?:[^"]|"")*"/g, '')).not.toMatch(/[\r\n]/);
  });
});

describe('a line of CEF', () => {
  it('tells product, event, severity and what it is about', () => {
    const ref = { session: 'ses_1', subject: 'ann', principal: 'session:ses_1', action: 'sandbox/refund' };
    const line = cefLine(entryOf({ ref, body: { rule: 'money', reason: 'Too much.' } }), {
      version: '1.2.3',
    });
    expect(line).toBe(
      `CEF:0|Countersign|Countersign|1.2.3|call.denied|Call denied|6|rt=${START_MS} externalId=7 dvchost=localhost/log ` +
        'act=sandbox/refund suser=ann suid=session:ses_1 reason=Too much. cs1Label=session cs1=ses_1 cs4Label=tool ' +
        'cs4=refund cs5Label=rule cs5=money cs6Label=verdict cs6=deny\n',
    );
  });

  it('is one line whose fields nothing that an agent wrote can end', () => {
    const hostile = 'a=b|c\\d\r\ne\nf\u0000g\u2028h suser=root';
    const line = cefLine(entryOf({ ref: { subject: hostile }, body: { reason: hostile } }), {
      version: '1|2\\3',
    });
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(line).toContain('|1\\|2\\\\3|');
    const escaped = 'a\\=b|c\\\\d\\ne\\nf g h suser\\=root';
    expect(line).toContain(` suser=${escaped} reason=${escaped} `);
  });
});

describe('an export of lines', () => {
  async function open(count: number) {
    const fixture = await openFixture();
    await fill(fixture.ledger, count);
    const closing = new AbortController();
    return { ...fixture, closing, deps: { ...fixture, version: '1', closing: closing.signal } };
  }

  it('gives every entry that was there when it began, once, a page at a time', async () => {
    const { deps, ledger } = await open(450);
    const pages: string[] = [];
    for await (const page of writeLines(deps, { filter: {}, format: 'ndjson' })) {
      pages.push(page);
      await fill(ledger, 5);
    }
    expect(pages.map((page) => page.split('\n').length - 1)).toEqual([200, 200, 50]);
    const seqs = pages.flatMap((page) =>
      page
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).seq),
    );
    expect(seqs).toEqual(Array.from({ length: 450 }, (_, index) => index));
  });

  it('names the columns of a CSV also when nothing matches', async () => {
    const { deps } = await open(1);
    const lines: string[] = [];
    for await (const line of writeLines(deps, { filter: { subject: 'x' }, format: 'csv' })) lines.push(line);
    expect(lines).toEqual([csvHeader()]);
  });

  it('breaks off with an error when the gateway closes, so that nobody takes it for whole', async () => {
    const { deps, closing } = await open(250);
    const lines = writeLines(deps, { filter: {}, format: 'cef' });
    await lines.next();
    closing.abort();
    await expect(lines.next()).rejects.toMatchObject({ code: 'shutting_down' });
  });

  it('refuses a bad filter before it writes anything', async () => {
    const { deps } = await open(1);
    expect(() => writeLines(deps, { filter: { text: '…' }, format: 'csv' })).toThrow(/text/);
  });
});
