import { describe, expect, test } from 'vitest';
import { legacyResult, modernResult, readingResult, stampedList } from '../../src/mcp/result.ts';

const GATEWAY = { name: 'countersign', version: '1' };
const OWN = '"io.modelcontextprotocol/serverInfo":{"name":"countersign","version":"1"}';

describe('a result for 2026-07-28', () => {
  test.each([
    ['{}', `{"_meta":{${OWN}},"resultType":"complete"}`],
    ['{ }', `{"_meta":{${OWN}},"resultType":"complete" }`],
    ['{"a":1}', `{"_meta":{${OWN}},"resultType":"complete","a":1}`],
    ['{"resultType":"complete"}', `{"_meta":{${OWN}},"resultType":"complete"}`],
    ['{"a":"\\"resultType\\""}', `{"_meta":{${OWN}},"resultType":"complete","a":"\\"resultType\\""}`],
    ['{"_meta":{}}', `{"resultType":"complete","_meta":{${OWN}}}`],
    ['{"_meta":{"k":1.0}}', `{"resultType":"complete","_meta":{${OWN},"k":1.0}}`],
    ['{"_meta":null}', '{"resultType":"complete","_meta":null}'],
    ['{"a":{"_meta":{}}}', `{"_meta":{${OWN}},"resultType":"complete","a":{"_meta":{}}}`],
    [
      '{"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"x"},"k":1e2}}',
      `{"resultType":"complete","_meta":{${OWN},"k":1e2}}`,
    ],
    ['{"_meta":{"io.modelcontextprotocol/serverInfo":1}}', `{"resultType":"complete","_meta":{${OWN}}}`],
  ])('%s becomes %s', (raw, wanted) => {
    expect(modernResult(raw, GATEWAY)).toBe(wanted);
    expect(() => JSON.parse(modernResult(raw, GATEWAY))).not.toThrow();
  });
});

describe('a result for the revisions before', () => {
  test.each([
    ['{"a":1.0}', '{"a":1.0}'],
    ['{"structuredContent":{"n":1.0}}', '{"structuredContent":{"n":1.0}}'],
    ['{"structuredContent": [1.0] ,"a":1}', '{"structuredContent": {"result":[1.0]} ,"a":1}'],
    ['{"structuredContent":null}', '{"structuredContent":{"result":null}}'],
    ['{"a":"\\"structuredContent\\":1"}', '{"a":"\\"structuredContent\\":1"}'],
    ['{"_meta":{"io.modelcontextprotocol/serverInfo":{},"k":1.0}}', '{"_meta":{"k":1.0}}'],
  ])('%s becomes %s', (raw, wanted) => {
    expect(legacyResult(raw)).toBe(wanted);
  });
});

describe('a reading for 2026-07-28', () => {
  const PRIVATE = '"cacheScope":"private"';
  test.each([
    ['{"resultType":"complete","a":1.0}', `{${PRIVATE},"ttlMs":0,"resultType":"complete","a":1.0}`],
    ['{"resultType":"complete","ttlMs":5}', `{${PRIVATE},"resultType":"complete","ttlMs":5}`],
    [
      '{"resultType":"complete","ttlMs":-1,"cacheScope":"public"}',
      `{${PRIVATE},"ttlMs":0,"resultType":"complete"}`,
    ],
    [
      '{"resultType":"complete","ttlMs":"5","cacheScope":1}',
      `{${PRIVATE},"ttlMs":0,"resultType":"complete"}`,
    ],
    ['{"resultType":"input_required","a":1}', '{"resultType":"input_required","a":1}'],
  ])('%s becomes %s', (raw, wanted) => {
    expect(readingResult(raw)).toBe(wanted);
  });
});

test('a list of ours is stamped for 2026-07-28 alone', () => {
  expect(stampedList('{"tools":[]}', 'legacy', GATEWAY)).toBe('{"tools":[]}');
  expect(JSON.parse(stampedList('{"tools":[]}', 'modern', GATEWAY))).toEqual({
    _meta: JSON.parse(`{${OWN}}`),
    cacheScope: 'private',
    resultType: 'complete',
    ttlMs: 0,
    tools: [],
  });
});
