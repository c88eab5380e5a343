import { describe, expect, onTestFinished, test } from 'vitest';
import { parseMoment } from '../../src/cli/zoned-time.ts';
import { json, page, problem, startFakeGateway } from '../sdk/fake-gateway.ts';
import { NOW, openTerminal } from './run-command.ts';

const REFUND = { session: 'ses_1', subject: 'ann', approval: 'apr_1', action: 'sandbox/refund' };
const approver = {
  id: 'per_1',
  name: 'Ann Approver',
  groups: [],
  subject: null,
  passkeys: [],
  created_at: 'x',
};

function entry(seq: number, ts: string, type: string, ref: object, body: object = {}) {
  return { seq, ts: `2025-12-31T${ts}.000Z`, type, ref, body };
}

const NIGHT = [
  entry(
    1,
    '02:00:00',
    'call.intent',
    { session: 'ses_1', call: 'req_1', action: 'sandbox/list' },
    { rule: 'reads' },
  ),
  entry(
    2,
    '02:00:01',
    'call.outcome',
    { session: 'ses_1', call: 'req_1', action: 'sandbox/list' },
    { kind: 'result' },
  ),
  entry(3, '02:10:00', 'approval.requested', REFUND, { effect: 'hold', rule: 'money', risk: 'high' }),
  entry(
    4,
    '02:11:30',
    'approval.decided',
    { ...REFUND, principal: 'person:per_1' },
    {
      decision: 'deny',
      statement: '{"reason":"Not \\u001b[2Jtonight"}',
    },
  ),
  entry(5, '02:11:30', 'approval.denied', REFUND),
  entry(
    6,
    '23:30:00',
    'call.denied',
    { session: 'ses_1', action: 'sandbox/wipe' },
    { rule: 'no', reason: 'Never.' },
  ),
];

async function setUp() {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  const terminal = await openTerminal({ COUNTERSIGN_URL: gateway.origin, COUNTERSIGN_API_KEY: 'cs_k' });
  return { gateway, ...terminal };
}

describe('logs timeline', () => {
  test('tells what happened at 3 am in a readable way', async () => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/logs', page(NIGHT));
    gateway.on('GET /v1/approvers', page([approver]));
    const { code, stdout } = await run(
      'logs timeline --user ann --since 03:00 --until 04:00 --tz Europe/Vienna',
    );
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        '2025-12-31 (Europe/Vienna)',
        '03:00:00  sandbox/list  allowed by rule reads, result after 1.0 s  req_1',
        '03:10:00  sandbox/refund  held for a person by rule money, risk high  apr_1',
        '          waited 1 m 30 s',
        '          03:11:30  denied by Ann Approver (person:per_1): “Not ⟦U+001B⟧[2Jtonight”',
        '',
        '2026-01-01 (Europe/Vienna)',
        '00:30:00  sandbox/wipe  denied by rule no',
        '          because Never.',
        '',
        '3 calls: 1 allowed, 1 denied, 1 held',
        '',
      ].join('\n'),
    );
    expect(gateway.seen[0]?.query).toEqual({
      subject: 'ann',
      since: '2025-12-31T02:00:00.000Z',
      until: '2025-12-31T03:00:00.000Z',
      order: 'asc',
      limit: '200',
    });
  });

  test('with --json prints one object with the items and the time that it is about', async () => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/logs', page(NIGHT.slice(0, 2)));
    const [told] = (await run('logs timeline --session ses_1 --tz UTC --json')).json();
    expect(told).toMatchObject({
      zone: 'UTC',
      since: null,
      until: null,
      complete: true,
      items: [{ kind: 'call', id: 'req_1', verdict: 'allow', outcome: 'result', took_ms: 1_000 }],
    });
  });

  test('without any bound tells the last 24 hours', async () => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/logs', page([]));
    const { stdout, stderr } = await run('logs timeline --agent team=billing');
    expect(stdout).toBe('');
    expect(stderr).toContain('Nothing happened');
    expect(gateway.seen[0]?.query).toMatchObject({
      agent: 'team=billing',
      since: '2025-12-31T00:10:00.000Z',
    });
  });

  test('shows ids where the key may not read who the people are', async () => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/logs', page(NIGHT.slice(2, 5)));
    gateway.on('GET /v1/approvers', problem(403, 'forbidden'));
    const { code, stdout } = await run('logs timeline --approval apr_1 --tz UTC');
    expect(code).toBe(0);
    expect(stdout).toContain('denied by person:per_1');
  });

  test.each([
    ['--tz Mars/Olympus', '--tz: expected a time zone'],
    ['--since 25:00', '--since: expected a time'],
    ['--since someday', '--since: expected a time'],
  ])('names %s when it cannot be read', async (option, message) => {
    const { run } = await setUp();
    const { code, stderr } = await run(`logs timeline ${option}`);
    expect(code).not.toBe(0);
    expect(stderr).toContain(message);
  });
});

describe('a time of day', () => {
  const at = (text: string, zone: string, more: { now?: string; after?: string } = {}): string => {
    const now = more.now === undefined ? NOW : Date.parse(more.now);
    const after = more.after === undefined ? undefined : Date.parse(more.after);
    return new Date(parseMoment(text, { option: '--since', now, zone, after })).toISOString();
  };

  test('is the last one before now, in the zone', () => {
    expect(at('00:05', 'UTC')).toBe('2026-01-01T00:05:00.000Z');
    expect(at('03:00', 'UTC')).toBe('2025-12-31T03:00:00.000Z');
    expect(at('03:00', 'Asia/Tokyo')).toBe('2025-12-31T18:00:00.000Z');
    expect(at('23:59:30', 'America/New_York')).toBe('2025-12-31T04:59:30.000Z');
  });

  test('that ends a time is the first one after it', () => {
    expect(at('04:00', 'UTC', { after: '2025-12-31T03:00:00Z' })).toBe('2025-12-31T04:00:00.000Z');
    expect(at('01:00', 'UTC', { after: '2025-12-30T23:00:00Z' })).toBe('2025-12-31T01:00:00.000Z');
  });

  test('is right on the days on which clocks change', () => {
    const spring = { now: '2026-03-29T12:00:00Z' };
    expect(at('01:30', 'Europe/Vienna', spring)).toBe('2026-03-29T00:30:00.000Z');
    expect(at('02:30', 'Europe/Vienna', spring)).toBe('2026-03-29T01:30:00.000Z');
    expect(at('03:30', 'Europe/Vienna', spring)).toBe('2026-03-29T01:30:00.000Z');
    const autumn = { now: '2026-10-25T12:00:00Z' };
    expect(at('02:30', 'Europe/Vienna', autumn)).toBe('2026-10-25T00:30:00.000Z');
    expect(at('03:30', 'Europe/Vienna', autumn)).toBe('2026-10-25T02:30:00.000Z');
  });

  test('may come with a date, which is of the zone', () => {
    expect(at('2026-03-28T03:00', 'Europe/Vienna')).toBe('2026-03-28T02:00:00.000Z');
    expect(at('2026-07-01', 'Europe/Vienna')).toBe('2026-06-30T22:00:00.000Z');
    expect(at('2026-03-28T03:00:00Z', 'Europe/Vienna')).toBe('2026-03-28T03:00:00.000Z');
    expect(at('2h', 'Europe/Vienna')).toBe('2025-12-31T22:10:00.000Z');
  });
});

describe('logs facets', () => {
  test('prints what was counted, and says when there is more', async () => {
    const { gateway, run } = await setUp();
    const none = { verdict: [], action: [], tool: [], subject: [], session: [], principal: [] };
    const facets = { ...none, type: [{ value: 'call.denied', count: 3 }] };
    gateway.on('GET /v1/logs/facets', json(200, { counted: 5_000, complete: false, facets }));
    const { stdout, stderr } = await run('logs facets --verdict deny --text refund --since 1h');
    expect(stdout.split('\n').slice(0, 2)).toEqual(['OF    COUNT  VALUE', 'type  3      call.denied']);
    expect(stderr).toContain('the newest 5000 entries');
    expect(gateway.seen[0]?.query).toEqual({
      verdict: 'deny',
      text: 'refund',
      since: '2025-12-31T23:10:00.000Z',
    });
  });
});

describe('logs export', () => {
  test('writes matching entries in another format, and says how many', async () => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/logs/export', (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/csv' }).end('seq,time\r\n1,a\r\n2,b\r\n');
    });
    const { code, stdout, stderr } = await run('logs export --format csv --tool refund --since 1h');
    expect(code).toBe(0);
    expect(stdout).toBe('seq,time\r\n1,a\r\n2,b\r\n');
    expect(stderr).toContain('Exported 2 entries');
    expect(gateway.seen[0]?.query).toEqual({
      format: 'csv',
      tool: 'refund',
      since: '2025-12-31T23:10:00.000Z',
    });
  });

  test('keeps no file of a transfer that was cut off', async () => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/logs/export', (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/csv' });
      response.write('seq,time\r\n1,a\r\n', () => response.destroy());
    });
    const { code } = await run('logs export --format csv --out entries.csv');
    expect(code).not.toBe(0);
    gateway.on('GET /v1/logs/export', (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/csv' }).end('seq\r\n1\r\n');
    });
    expect((await run('logs export --format csv --out entries.csv')).code).toBe(0);
  });

  test.each([
    ['--user ann', '--user: expected --format ndjson, csv or cef'],
    ['--format csv --payloads', '--payloads: expected --format evidence'],
  ])('refuses %s, which does not go together', async (options, message) => {
    const { run } = await setUp();
    const { code, stderr } = await run(`logs export ${options}`);
    expect(code).not.toBe(0);
    expect(stderr).toContain(message);
  });
});
