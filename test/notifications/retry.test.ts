import { expect, it } from 'vitest';
import { answerProblem, readAnswer } from '../../src/notifications/deliveries/delivery.ts';
import { RETRY_DELAYS_MS, retryDelay } from '../../src/notifications/retry.ts';

const S = 1_000;
const H = 3_600 * S;

it('the attempts are those of Standard Webhooks, ten in all', () => {
  const none = (size: number) => new Uint8Array(size);
  expect(RETRY_DELAYS_MS).toHaveLength(10);
  const delays = RETRY_DELAYS_MS.map((_, failed) => retryDelay(failed, none));
  expect(delays).toEqual([0, 5 * S, 300 * S, 1_800 * S, 2 * H, 5 * H, 10 * H, 14 * H, 20 * H, 24 * H]);
  expect(retryDelay(10, none)).toBeUndefined();
});

it('chance makes an attempt later by up to a tenth, never earlier', () => {
  const most = (size: number) => new Uint8Array(size).fill(255);
  const half = (size: number) => new Uint8Array(size).fill(128);
  expect(retryDelay(1, most)).toBe(5_500);
  expect(retryDelay(1, half)).toBe(5_251);
  expect(retryDelay(0, most)).toBe(0);
});

it.each([
  [200, 'delivered'],
  [204, 'delivered'],
  [299, 'delivered'],
  [199, 'failed'],
  [302, 'failed'],
  [400, 'failed'],
  [404, 'failed'],
  [410, 'gone'],
  [500, 'failed'],
])('an answer of %i is %s', (status, read) => {
  expect(readAnswer(status)).toBe(read);
});

it('a redirect is named as what is not followed', () => {
  expect(answerProblem(302)).toBe('answered with 302; redirects are not followed');
  expect(answerProblem(503)).toBe('answered with 503');
});
