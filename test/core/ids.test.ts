import { describe, expect, test, vi } from 'vitest';
import { systemClock, systemStopwatch, toRfc3339 } from '../../src/core/clock.ts';
import { CountersignError, errorText, isCountersignError } from '../../src/core/errors.ts';
import { systemNewId, systemRandomBytes } from '../../src/core/ids.ts';

describe('ids', () => {
  test('carry their prefix and at least 128 bits', () => {
    const id = systemNewId('apr');
    expect(id).toMatch(/^apr_[0-9A-Za-z]{22}$/);
    expect(22 * Math.log2(62)).toBeGreaterThanOrEqual(128);
  });

  test('of requests sort by when they were made, and are no easier to guess', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const times = [0, 1, 61, 62, 1_785_000_000_123, 1_785_000_000_124, Date.UTC(2500, 0, 1)];
    const ids = times.map((time) => {
      vi.setSystemTime(time);
      return systemNewId('req');
    });
    vi.useRealTimers();
    expect(ids.toSorted()).toEqual(ids);
    for (const id of ids) expect(id).toMatch(/^req_[0-9A-Za-z]{30}$/);
    expect(new Set(ids.map((id) => id.slice(-22))).size).toBe(ids.length);
  });

  test('do not repeat among ten thousand', () => {
    expect(new Set(Array.from({ length: 10_000 }, () => systemNewId('ses'))).size).toBe(10_000);
  });

  test('come from a source of bytes of the size asked for', () => {
    expect(systemRandomBytes(32)).toHaveLength(32);
    expect(Buffer.from(systemRandomBytes(32))).not.toEqual(Buffer.from(systemRandomBytes(32)));
  });
});

describe('time', () => {
  test('leaves the process as RFC 3339 in UTC with milliseconds', () => {
    expect(toRfc3339(0)).toBe('1970-01-01T00:00:00.000Z');
    expect(toRfc3339(1_785_000_000_123)).toBe('2026-07-25T17:20:00.123Z');
  });

  test('is read in epoch milliseconds, durations on a clock that never runs back', () => {
    expect(Number.isInteger(systemClock())).toBe(true);
    const before = systemStopwatch();
    expect(systemStopwatch()).toBeGreaterThanOrEqual(before);
  });
});

describe('CountersignError', () => {
  test('carries its code, its fields and its cause', () => {
    const cause = new Error('disk');
    const fields = [{ field: 'ttl_ms', expected: 'a positive integer' }];
    const error = new CountersignError('invalid_request', 'ttl_ms: expected a positive integer', {
      cause,
      fields,
    });
    expect(error).toMatchObject({ name: 'CountersignError', code: 'invalid_request', fields, cause });
    expect(isCountersignError(error)).toBe(true);
    expect(isCountersignError(cause)).toBe(false);
  });

  test('has no cause of its own making', () => {
    expect(Object.hasOwn(new CountersignError('internal', 'x'), 'cause')).toBe(false);
  });

  test('gives the text of anything that was thrown', () => {
    expect([new Error('a'), 'b', 3, null].map(errorText)).toEqual(['a', 'b', '3', 'null']);
  });
});
