import { expect, test } from 'vitest';
import { EMPTY_INBOX, updateInbox, waitingIds } from '../../src/dashboard/browser/model/inbox.ts';
import { newsWords } from '../../src/dashboard/browser/model/inbox-words.ts';
import { durationWords, shortTimeWords } from '../../src/dashboard/browser/model/time.ts';
import type { Approval } from '../../src/sdk/approval.ts';

test.each([
  [-1, '0 seconds'],
  [1_999, '1 second'],
  [61_000, '1 minute 1 second'],
  [120_000, '2 minutes'],
  [3_600_000, '1 hour'],
  [7_260_000, '2 hours 1 minute'],
  [90_000_000, '1 day 1 hour'],
  [172_800_000, '2 days'],
])('%i milliseconds are spoken as %s', (ms, words) => {
  expect(durationWords(ms)).toBe(words);
});

test('below a second a short time is spoken in milliseconds', () => {
  expect([0, 1, 999, 1_000].map(shortTimeWords)).toEqual([
    '0 milliseconds',
    '1 millisecond',
    '999 milliseconds',
    '1 second',
  ]);
});

test('news of the inbox tell how many came, the worst of them, and how many wait', () => {
  expect(newsWords({ risks: ['low'], waiting: 1 })).toBe('1 new call, low risk. 1 call waits.');
  expect(newsWords({ risks: ['low', 'critical', 'medium'], waiting: 300 })).toBe(
    '3 new calls, the highest risk is critical. 300 calls wait.',
  );
});

test('what waits is what is shown and not gone, and what has come since', () => {
  const call = (id: string, risk: string) => ({ id, risk, state: 'pending', rule: null }) as Approval;
  const [one, two, three] = [call('apr_1', 'low'), call('apr_2', 'high'), call('apr_3', 'critical')] as const;
  const shown = updateInbox(EMPTY_INBOX, { asked: [], found: [one, two] });
  const later = updateInbox(shown, { asked: ['apr_1'], found: [three] });
  expect([...waitingIds(later)].sort()).toEqual([
    ['apr_2', 'high'],
    ['apr_3', 'critical'],
  ]);
});
