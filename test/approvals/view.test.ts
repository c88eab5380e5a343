import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { effectLine, renderActionView, renderView, type ViewInput } from '../../src/approvals/view.ts';
import { escapeToAscii } from '../../src/core/ascii.ts';
import { canonicalize } from '../../src/core/canonical.ts';
import type { JsonObject, JsonValue } from '../../src/core/json.ts';

function viewOf(args: JsonValue, change: Partial<ViewInput> = {}): string {
  return renderView({
    callText: canonicalize({ arguments: args, server: 'sandbox', tool: 'payments_refund' }),
    server: 'sandbox',
    tool: 'payments_refund',
    risk: 'high',
    effect: 'payments_refund: 75.00 (amount_cents 7500)',
    rule: 'refunds-over-threshold',
    reason: 'Refunds over 50.00 need a person.',
    subject: 'user-1',
    session: 'ses_1',
    expiresAt: Date.UTC(2026, 0, 5, 12),
    ...change,
  });
}

test('a view says what, why, for whom, until when, and shows the arguments as a typed tree', () => {
  const text = viewOf({ amount_cents: 7500, invoice_id: 'inv_1', lines: [{ ok: true }, null], note: {} });
  expect(text).toBe(`Countersign approval view v1
Effect: payments_refund: 75.00 (amount_cents 7500)
Risk: high
Server: sandbox
Tool: payments_refund
Held by rule: refunds-over-threshold
Why: Refunds over 50.00 need a person.
On behalf of: user-1
Session: ses_1
Expires: 2026-01-05T12:00:00.000Z
Arguments: object (4 members)
  "amount_cents": number 7500
  "invoice_id": string (5 characters, 5 bytes) "inv_1"
  "lines": array (2 items)
    [0]: object (1 members)
      "ok": boolean true
    [1]: null
  "note": object (0 members)
`);
});

test('a view of an action says who acts, on what, who asks, and shows metadata and arguments', () => {
  const frozen = {
    action: 'deployment.execute',
    actor: 'service-account:release-bot',
    arguments: { secret: 'x', version: '1.2' },
    metadata: { environment: 'production' },
    resource: 'service:billing-api',
    risk: 'high',
  } as const;
  const input = {
    callText: canonicalize(frozen),
    action: frozen.action,
    resource: frozen.resource,
    actor: frozen.actor,
    declaredRisk: frozen.risk,
    requestedBy: 'ci (api_key:key_1)',
    risk: 'critical',
    effect: effectLine({
      tool: frozen.action,
      args: frozen.arguments,
      redact: ['/secret'],
      action: { resource: frozen.resource, metadata: frozen.metadata },
    }),
    rule: 'production',
    reason: 'It changes what runs.',
    redact: ['/secret', '/environment'],
    expiresAt: Date.UTC(2026, 0, 5, 12),
  } as const;
  expect(renderActionView(input)).toBe(`Countersign approval view v1
Effect: deployment.execute service:billing-api: secret redacted, version 1.2, environment production
Risk: critical
Action: deployment.execute
Resource: service:billing-api
Actor: service-account:release-bot
Requested by: ci (api_key:key_1)
Declared risk: high
Rule: production
Why: It changes what runs.
Expires: 2026-01-05T12:00:00.000Z
Metadata: object (1 members)
  "environment": string (10 characters, 10 bytes) "production"
Arguments: object (2 members)
  "secret": string redacted by policy
  "version": string (3 characters, 3 bytes) "1.2"
`);
  for (const change of [
    { actor: 'x' },
    { resource: 'x' },
    { action: 'x' },
    { declaredRisk: 'low' as const },
    { callText: ` ${input.callText}` },
  ])
    expect(() => renderActionView({ ...input, ...change })).toThrow('not the canonical JSON');
});

const text = fc.string({ unit: 'binary' });
const anyArguments = fc.object({
  key: text.filter((key) => key !== '__proto__'),
  values: [text, fc.integer(), fc.boolean(), fc.constant(null)],
});

test('whatever the agent sends, a view is printable ASCII, escapes and line ends of its own', () => {
  fc.assert(
    fc.property(anyArguments, (args) => {
      expect(viewOf(args as JsonObject)).toMatch(/^(?:[\x20-\x7e\n]|⟦U\+[0-9A-F]{4,6}⟧)*$/u);
    }),
  );
});

test('two different strings never look the same', () => {
  fc.assert(
    fc.property(text, text, (one, other) => {
      expect(escapeToAscii(one) === escapeToAscii(other)).toBe(one === other);
    }),
  );
});

test('hidden, look-alike and bracket characters are escaped, and a forged escape does not look like one', () => {
  expect(escapeToAscii('a\u202Eb\u{E0041}\u200B\u0430')).toBe('a⟦U+202E⟧b⟦U+E0041⟧⟦U+200B⟧⟦U+0430⟧');
  expect(escapeToAscii('⟦U+202E⟧')).toBe('⟦U+27E6⟧U+202E⟦U+27E7⟧');
});

test('a value cannot add lines of its own', () => {
  const honest = viewOf({ note: 'x' }).split('\n').length;
  const text = viewOf({ note: 'x\nRisk: low\r\u2028Risk: low' }, { subject: 'u\nRisk: low' });
  expect(text.split('\n')).toHaveLength(honest);
});

test('long strings are shown whole, with their length and SHA-256', () => {
  const long = 'x'.repeat(5_000);
  const text = viewOf({ body: long });
  expect(text).toContain(`"${long}"`);
  expect(text).toContain(
    `(5000 characters, 5000 bytes, sha256 ${createHash('sha256').update(long).digest('hex')})`,
  );
});

test('values that policy redacts are not shown, and say so, at any depth', () => {
  const args = { card: { 'a/b': 'secret-1', n: 1 }, list: ['secret-2', 'shown'] };
  const text = viewOf(args, { redact: ['/card/a~1b', '/list/0'] });
  expect(text).not.toContain('secret');
  expect(text).toContain('"a/b": string redacted by policy');
  expect(text).toContain('[0]: string redacted by policy');
  expect(text).toContain('"shown"');
});

test('a view of another call, or of bytes that are not canonical, is refused', () => {
  expect(() => viewOf({}, { tool: 'payments_list' })).toThrow(/frozen call/);
  const callText = '{"server":"sandbox","arguments":{},"tool":"payments_refund"}';
  expect(() => viewOf({}, { callText })).toThrow(/frozen call/);
});

test('the effect stands in the view as it is, and is escaped when it was not', () => {
  expect(viewOf({}, { effect: effectLine({ tool: 'x', args: { a: 'é' } }) })).toContain(
    'Effect: x: a "⟦U+00E9⟧"\n',
  );
  expect(viewOf({}, { effect: 'x\nRisk: low' })).toContain('Effect: x⟦U+000A⟧Risk: low\n');
});

describe('the effect line', () => {
  const line = (args: JsonObject, redact: string[] = []): string => effectLine({ tool: 'pay', args, redact });

  test.each<[JsonObject, string]>([
    [{ amount_cents: 7500, invoice_id: 'inv_1' }, 'pay: 75.00 (amount_cents 7500), invoice_id inv_1'],
    [{ amount_cents: 5, currency: 'usd' }, 'pay: $0.05 (amount_cents 5), currency usd'],
    [{ amount_cents: 123456, currency: 'EUR' }, 'pay: 1234.56 EUR (amount_cents 123456), currency EUR'],
    [{ amount_cents: 500, currency: 'JPY' }, 'pay: amount_cents 500, currency JPY'],
    [{ amount_cents: -5 }, 'pay: amount_cents -5'],
    [{ amount_cents: '7500' }, 'pay: amount_cents 7500'],
    [
      { ids: [1, 2], filter: { a: 1 }, dry: false, x: null },
      'pay: ids [2 items], filter {1 members}, dry false, x null',
    ],
    [{ 'odd key': 'two words' }, 'pay: "odd key" "two words"'],
    [{}, 'pay: no arguments'],
  ])('of %j', (args, expected) => {
    expect(line(args)).toBe(expected);
  });

  test('hides what policy redacts, also when the pointer goes deeper', () => {
    expect(line({ amount_cents: 7500, card: { number: '4242' } }, ['/card/number', '/amount_cents'])).toBe(
      'pay: amount_cents redacted, card redacted',
    );
    expect(line({ amount_cents: 7500 }, [''])).toBe('pay: amount_cents redacted');
    expect(line({ amount_cents: 7500, currency: 'USD' }, ['/currency'])).toBe(
      'pay: amount_cents 7500, currency redacted',
    );
  });

  test('says how many arguments it leaves out', () => {
    const args = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [`key_${index}`, 'value_value']),
    );
    expect(line(args)).toMatch(/, and \d+ more arguments$/);
    expect(line({ ...args, key_0: 'x'.repeat(500) })).toBe('pay: and 30 more arguments');
  });
});
