import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { buildStatement, parseStatement, type StatementFields } from '../../src/approvals/statement.ts';
import { statementChallenge } from '../../src/core/digest.ts';

const fields: StatementFields = {
  log: 'localhost/default',
  approval: 'apr_1',
  instance: 'ins_1',
  decision: 'approve',
  actionCommit: 'a'.repeat(64),
  viewCommit: 'b'.repeat(64),
  toolHash: 'sha256:cc',
  policyVersion: 'sha256:dd',
  approver: 'person:per_1',
  scope: { aud: 'sandbox', uses: 1, ttl: 60 },
  nonce: 'n'.repeat(43),
  exp: 1_767_614_400,
};

const CANONICAL =
  `{"action":"${'a'.repeat(64)}","approval":"apr_1","approver":"person:per_1","decision":"approve",` +
  `"exp":1767614400,"instance":"ins_1","log":"localhost/default","nonce":"${'n'.repeat(43)}","policy":"sha256:dd",` +
  `"scope":{"aud":"sandbox","ttl":60,"uses":1},"tool_def":"sha256:cc","typ":"approval-statement/v1",` +
  `"view":"${'b'.repeat(64)}"}`;

test('a statement is the canonical JSON of the fields that the format names', () => {
  expect(buildStatement(fields)).toBe(CANONICAL);
});

test('the challenge is the SHA-256 of the prefixed statement', () => {
  const expected = createHash('sha256').update(`countersign/statement/v1\n${CANONICAL}`, 'utf8').digest();
  expect(Buffer.from(statementChallenge(CANONICAL))).toEqual(expected);
});

test('a statement reads back as it was made, with and without a reason', () => {
  expect(parseStatement(buildStatement(fields))).toEqual(fields);
  const denied: StatementFields = { ...fields, decision: 'deny', reason: 'wrong customer — see ticket' };
  expect(parseStatement(buildStatement(denied))).toEqual(denied);
});

test('a statement that breaks the glass says so and why, and says nothing of it otherwise', () => {
  const broken: StatementFields = { ...fields, breakGlass: true, reason: 'fire' };
  const text = buildStatement(broken);
  expect(text).toContain('"break_glass":true,');
  expect(parseStatement(text)).toEqual(broken);
  expect(buildStatement(fields)).not.toContain('break_glass');
  const denied = text.replace('"break_glass":true', '"break_glass":false');
  expect(() => parseStatement(denied)).toThrow(/break_glass: expected true/);
});

test('every field changes the challenge', () => {
  const changes: Partial<StatementFields>[] = [
    { log: 'x' },
    { approval: 'apr_2' },
    { instance: 'ins_2' },
    { decision: 'deny' },
    { reason: 'why' },
    { reason: 'why', breakGlass: true },
    { actionCommit: 'c'.repeat(64) },
    { viewCommit: 'c'.repeat(64) },
    { toolHash: 'x' },
    { policyVersion: 'x' },
    { approver: 'person:per_2' },
    { scope: { aud: 'other', uses: 1, ttl: 60 } },
    { scope: { aud: 'sandbox', uses: 1, ttl: 61 } },
    { nonce: 'm'.repeat(43) },
    { exp: 1_767_614_401 },
  ];
  const digests = [{}, ...changes].map((change) => {
    const text = buildStatement({ ...fields, ...change });
    return Buffer.from(statementChallenge(text)).toString('hex');
  });
  expect(new Set(digests).size).toBe(changes.length + 1);
});

describe('what no reader would accept is not made', () => {
  test.each<[string, Partial<StatementFields>]>([
    ['an empty reason', { reason: '' }],
    ['a commitment that is not a digest', { actionCommit: 'A'.repeat(64) }],
    ['a short nonce', { nonce: 'n' }],
    ['milliseconds for seconds', { exp: 1_767_614_400_000 }],
    ['a key as approver', { approver: 'api_key:key_1' }],
    ['a broken glass without a reason', { breakGlass: true }],
    ['a denial that breaks the glass', { breakGlass: true, decision: 'deny', reason: 'no' }],
    ['no time to act', { scope: { aud: 'sandbox', uses: 1, ttl: 0 } }],
  ])('%s', (_what, change) => {
    expect(() => buildStatement({ ...fields, ...change })).toThrow(/could not be made/);
  });
});

describe('a text that is not exactly a statement is refused', () => {
  test.each([
    ['spaces', CANONICAL.replace(',', ', ')],
    ['another order', CANONICAL.replace('"exp":1767614400,', '').replace('}', ',"exp":1767614400}')],
    ['a member twice', CANONICAL.replace('"exp"', '"decision":"deny","exp"')],
    ['a member more', CANONICAL.replace('"exp"', '"evil":1,"exp"')],
    ['a member less', CANONICAL.replace('"exp":1767614400,', '')],
    ['another type', CANONICAL.replace('statement/v1', 'statement/v2')],
    ['another decision', CANONICAL.replace('"approve"', '"maybe"')],
    ['more uses', CANONICAL.replace('"uses":1', '"uses":2')],
    ['a scope with more in it', CANONICAL.replace('"uses":1', '"uses":1,"x":1')],
    ['no object', '[]'],
  ])('%s', (_what, text) => {
    expect(() => parseStatement(text)).toThrow(expect.objectContaining({ name: 'CountersignError' }));
  });
});
