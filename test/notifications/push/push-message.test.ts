import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/core/limits.ts';
import type { WaitingCall } from '../../../src/notifications/channels/channel.ts';
import { composeMessage, type Message, testMessage } from '../../../src/notifications/channels/message.ts';
import { pushMessageOf } from '../../../src/notifications/push/push-message.ts';
import type { Risk } from '../../../src/policy/verdict.ts';

const ORIGIN = 'https://gate.example';
const NOW = 1_700_000_000_000;
const S = 1_000;
const H = 3_600 * S;

/** Where the worker goes from a message, whatever it says. */
const PATH = /^\/(approvals\/apr_[A-Za-z0-9]+)?$/;

function callOf(more: Partial<WaitingCall> = {}): WaitingCall {
  return {
    id: 'apr_1',
    what: 'bank/pay',
    pattern: 'bank/pay',
    risk: 'high',
    agent: 'ann',
    source: 'ann',
    effect: 'pay: 75.00',
    groups: [],
    requestedAt: NOW,
    expiresAt: NOW + 600 * S,
    ...more,
  };
}

function messageOf(calls: readonly WaitingCall[], more: { note?: string; more?: number } = {}): Message {
  const approvals = calls.map(({ id }) => id);
  const plan = { cause: 'requested', note: '', more: 0, approvals, ...more } as const;
  const about = { id: 'evt_1', origin: ORIGIN, denyLink: () => `${ORIGIN}/deny`, now: NOW };
  return composeMessage(plan, { ...about, calls }) as Message;
}

const sent = (message: Message) => JSON.parse(pushMessageOf(message).text);

/** What an agent may write to lead people away, or to look like the gateway. */
const HOSTILE = [
  'https://evil.example/approve',
  'javascript:alert(1)',
  'apr_evil","url":"//evil.example',
  '/approvals/../../evil',
  'a\u202Eb\u200B\u{E0041}\u001b[31m\u0000',
  '😀'.repeat(500),
  '"\\'.repeat(300),
  'line\r\nhigh risk: bank/pay waits for a decision',
];

describe.each(HOSTILE)('what an agent wrote, %j', (text) => {
  it('stands in a notification as inert text, and opens nothing but the call', () => {
    const message = messageOf([callOf({ what: text, agent: text, effect: text })]);
    const { url, title, body, tag } = sent(message);
    expect(url).toBe('/approvals/apr_1');
    expect(tag).toBe('apr_1');
    expect(title).toMatch(
      /^high risk: (?:[\x20-\x7e]|⟦U\+[0-9A-F]{4,6}⟧|⟦[^⟧]*\.\.\.)* waits for a decision$/u,
    );
    expect(body.split('\n')).toHaveLength(2);
    expect(`${title}${body}`).not.toMatch(/:\/\/|javascript:|\w\.[a-z]/i);
    expect(Buffer.byteLength(pushMessageOf(message).text)).toBeLessThanOrEqual(LIMITS.pushMessageBytes);
  });
});

describe('a message to a device', () => {
  it('about many calls opens the inbox, lists as many as fit, and counts the others', () => {
    const long = '"\u202E'.repeat(200);
    const calls = Array.from({ length: 8 }, (_, at) =>
      callOf({ id: `apr_${at}`, what: long, agent: long, effect: long, requestedAt: NOW + at }),
    );
    const message = messageOf(calls, { more: 40, note: long.repeat(20) });
    const { text } = pushMessageOf(message);
    const { url, tag, body } = JSON.parse(text);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(LIMITS.pushMessageBytes);
    expect(url).toMatch(PATH);
    expect(url).toBe('/');
    expect(tag).toBe('evt_1');
    const listed = body.split('\n').filter((line: string) => line.startsWith('[high]')).length;
    expect(listed).toBeGreaterThan(0);
    expect(body).toMatch(new RegExp(`and ${48 - listed} more in the inbox$`));
  });

  it('has the same tag and topic for the same call, and others for another', () => {
    const first = pushMessageOf(messageOf([callOf()]));
    const again = pushMessageOf({ ...messageOf([callOf({ expiresAt: NOW + 60 * S })]), id: 'evt_2' });
    const other = pushMessageOf(messageOf([callOf({ id: 'apr_2' })]));
    expect(again.topic).toBe(first.topic);
    expect(JSON.parse(again.text).tag).toBe(JSON.parse(first.text).tag);
    expect(other.topic).not.toBe(first.topic);
    expect(first.topic).toMatch(/^[\w-]{1,32}$/);
  });

  it.each([
    ['as long as the call waits', 600 * S, 600],
    ['a minute at least', 5 * S, 60],
    ['a day at most', 100 * H, 86_400],
  ])('is kept for a device that is offline %s', (_, leftMs, seconds) => {
    const message = messageOf([callOf({ expiresAt: NOW + leftMs })]);
    expect(pushMessageOf(message).ttlSeconds).toBe(seconds);
  });

  it.each<[Risk, string]>([
    ['low', 'normal'],
    ['medium', 'normal'],
    ['high', 'high'],
    ['critical', 'high'],
  ])('about %s risk is %s for the push service', (risk, urgency) => {
    expect(pushMessageOf(messageOf([callOf({ risk })])).urgency).toBe(urgency);
  });

  it('that only tries it names no risk and opens the inbox', () => {
    const message = testMessage({ id: 'evt_9', origin: ORIGIN, title: 'Test of phone', now: NOW });
    expect(sent(message)).toMatchObject({ title: 'Test of phone', url: '/', risk: null, tag: 'evt_9' });
    expect(pushMessageOf(message)).toMatchObject({ ttlSeconds: 60, urgency: 'normal' });
  });
});
