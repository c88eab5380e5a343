import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { devicesText } from '../../src/dashboard/browser/model/channel-words.ts';
import { guessDeviceName } from '../../src/dashboard/browser/model/device-name.ts';
import { readKeptDevice } from '../../src/dashboard/browser/model/kept-device.ts';
import { readPreferences } from '../../src/dashboard/browser/model/preferences.ts';
import {
  deviceInput,
  isIos,
  type PushFacts,
  pushStateOf,
  sameBytes,
} from '../../src/dashboard/browser/model/push-device.ts';
import {
  noticeOf,
  readGo,
  STOPPED,
  targetOf,
  windowFor,
} from '../../src/dashboard/browser/model/push-message.ts';

const BROWSER = fileURLToPath(new URL('../../src/dashboard/browser/', import.meta.url));

const HOSTILE = [
  'https://evil.example/approvals/apr_1',
  '//evil.example/approvals/apr_1',
  '/\\evil.example',
  'javascript:alert(1)',
  'data:text/html,x',
  '/approvals/../enrol',
  '/approvals/apr_1/../../settings',
  '/approvals/apr_%2e%2e',
  '/approvals/apr_1?deny=x',
  '/approvals/apr_1#x',
  '/approvals/apr_1\n',
  '/approvals/apr_',
  '/approvals/',
  '/settings',
  ' /',
  '',
  null,
  undefined,
  { toString: () => '/approvals/apr_1' },
];

const MESSAGE = {
  v: 1,
  tag: 'apr_1',
  title: 'bank/pay waits',
  body: 'Pay 75.00',
  url: '/approvals/apr_Ab1',
  risk: 'low',
  at: 5,
};

describe('a push message', () => {
  it.each(HOSTILE)('opens nothing but the inbox for the address %j', (url) => {
    expect(targetOf(url)).toBe('/');
    expect(noticeOf({ ...MESSAGE, url }).path).toBe('/');
    expect(readGo({ type: 'countersign/go', path: url })).toBe('/');
  });

  it('opens the inbox, or one call', () => {
    expect(targetOf('/')).toBe('/');
    expect(targetOf('/approvals/apr_0Az')).toBe('/approvals/apr_0Az');
  });

  it('shows what it says, and stays where much is at stake', () => {
    const { title, body, tag } = MESSAGE;
    const same = { title, body, tag, path: '/approvals/apr_Ab1', at: 5 };
    expect(noticeOf(MESSAGE)).toEqual({ ...same, stays: false });
    for (const [risk, stays] of Object.entries({ medium: false, high: true, critical: true, odd: false }))
      expect(noticeOf({ ...MESSAGE, risk })).toEqual({ ...same, stays });
    expect(noticeOf({ ...MESSAGE, risk: null, at: Number.NaN })).toEqual({
      ...same,
      stays: false,
      at: undefined,
    });
  });

  it.each([
    undefined,
    null,
    'text',
    1,
    [],
    {},
    { ...MESSAGE, v: 2 },
    { ...MESSAGE, tag: '' },
    { ...MESSAGE, title: 1 },
  ])('is shown as one that could not be read when it is %j', (message) => {
    expect(noticeOf(message)).toMatchObject({ path: '/', stays: false, tag: 'unreadable' });
    expect(noticeOf(message).body).toContain('could not read');
  });

  it('shows no text without end, and replaces nothing that says that notifications have stopped', () => {
    expect(noticeOf({ ...MESSAGE, body: 'x'.repeat(9_000) }).body).toHaveLength(3_000);
    expect(STOPPED.tag).not.toBe(noticeOf(undefined).tag);
  });

  it('leads no window that was asked for anything else', () => {
    for (const message of [undefined, null, 'countersign/go', {}, { type: 'go', path: '/' }])
      expect(readGo(message)).toBeUndefined();
  });
});

describe('the window for a notification', () => {
  const at = (path: string, over: object = {}) => ({
    url: `https://g.example${path}`,
    focused: false,
    visibilityState: 'hidden',
    ...over,
  });

  it('is one that shows the call already, else one that is looked at, else any', () => {
    const [hidden, visible, focused] = [
      at('/logs'),
      at('/people', { visibilityState: 'visible' }),
      at('/', { focused: true }),
    ];
    const own = at('/approvals/apr_1');
    expect(windowFor([hidden, visible, focused, own], '/approvals/apr_1')).toBe(own);
    expect(windowFor([hidden, visible, focused], '/approvals/apr_1')).toBe(focused);
    expect(windowFor([hidden, visible], '/approvals/apr_1')).toBe(visible);
    expect(windowFor([hidden], '/approvals/apr_1')).toBe(hidden);
    expect(windowFor([], '/')).toBeUndefined();
  });

  it('is never one where something is under way that does not come again', () => {
    expect(windowFor([at('/authorize?x=1', { focused: true }), at('/enrol#t')], '/')).toBeUndefined();
  });
});

describe('this browser as a device', () => {
  const OFF: PushFacts = {
    secure: true,
    supported: true,
    ios: false,
    installed: false,
    answer: 'default',
    subscribed: false,
  };

  it('is told why it cannot be notified, the first obstacle first', () => {
    expect(pushStateOf({ ...OFF, secure: false, supported: false })).toBe('insecure');
    expect(pushStateOf({ ...OFF, supported: false })).toBe('unsupported');
    expect(pushStateOf({ ...OFF, supported: false, ios: true })).toBe('install-first');
    expect(pushStateOf({ ...OFF, supported: false, ios: true, installed: true })).toBe('unsupported');
    expect(pushStateOf({ ...OFF, answer: 'denied', subscribed: true })).toBe('blocked');
  });

  it('is on only while it is subscribed and allowed', () => {
    expect(pushStateOf(OFF)).toBe('off');
    expect(pushStateOf({ ...OFF, answer: 'granted' })).toBe('off');
    expect(pushStateOf({ ...OFF, subscribed: true })).toBe('off');
    expect(pushStateOf({ ...OFF, answer: 'granted', subscribed: true })).toBe('on');
  });

  it.each([
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
      'Safari on iPhone',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/130.0 Mobile/15E148 Safari/604.1',
      'Chrome on iPhone',
    ],
    [
      'Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0 Mobile Safari/537.36',
      'Samsung Internet on Android',
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0',
      'Edge on Windows',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0',
      'Firefox on Mac',
    ],
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/153.0 Safari/537.36',
      'Chrome on Linux',
    ],
    [
      'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36',
      'Chrome on Chromebook',
    ],
    ['curl/8', 'Browser'],
  ])('is named after the browser and the system that %j says', (userAgent, name) => {
    expect(guessDeviceName(userAgent)).toBe(name);
  });

  it('is told from a Mac by its touch points where it is an iPad', () => {
    const userAgent =
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15';
    expect(isIos({ userAgent, maxTouchPoints: 5 })).toBe(true);
    expect(isIos({ userAgent, maxTouchPoints: 0 })).toBe(false);
    expect(isIos({ userAgent: 'x (iPhone; y)', maxTouchPoints: 5 })).toBe(true);
    expect(isIos({ userAgent: 'x (Windows NT 10.0)', maxTouchPoints: 10 })).toBe(false);
  });

  it('tells the gateway an address and both keys, or nothing', () => {
    const subscription = { endpoint: 'https://p.example/1', keys: { p256dh: 'a', auth: 'b', more: 'c' } };
    expect(deviceInput('phone', subscription)).toEqual({
      name: 'phone',
      endpoint: 'https://p.example/1',
      keys: { p256dh: 'a', auth: 'b' },
    });
    expect(() => deviceInput('phone', { ...subscription, keys: { auth: 'b' } })).toThrow(
      'without an address',
    );
    expect(() => deviceInput('phone', { keys: subscription.keys })).toThrow('without an address');
  });

  it('remembers itself whole or not at all', () => {
    const kept = { id: 'dev_1', person: 'per_1', name: 'phone', endpoint: 'https://p.example/1' };
    expect(readKeptDevice(JSON.stringify({ ...kept, more: 1 }))).toEqual(kept);
    for (const text of [null, '', '{', 'null', '[]', '"x"', JSON.stringify({ ...kept, person: 1 })])
      expect(readKeptDevice(text)).toBeUndefined();
  });

  it('is another when one byte of the gateway’s key is', () => {
    expect(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
    expect(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
    expect(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
  });

  it('is counted by the channel that tells it', () => {
    expect(devicesText(1)).toContain('1 device;');
    expect(devicesText(0)).toContain('0 devices;');
  });

  it('is spoken of in the inbox until somebody wants that no more', () => {
    expect(readPreferences(null).pushHint).toBe(true);
    expect(readPreferences('{"pushHint":"no"}').pushHint).toBe(true);
    expect(readPreferences('{"pushHint":false}').pushHint).toBe(false);
  });
});

describe('the installed page', () => {
  const manifest = JSON.parse(readFileSync(`${BROWSER}public/manifest.webmanifest`, 'utf8'));
  const document = readFileSync(`${BROWSER}index.html`, 'utf8');
  const style = readFileSync(`${BROWSER}style/base.css`, 'utf8');
  const colours = (token: string) =>
    new RegExp(`--${token}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(style)?.slice(1);

  it('has the colours of the page', () => {
    const [bar, darkBar] = colours('card') ?? [];
    expect(manifest.theme_color).toBe(bar);
    expect(manifest.background_color).toBe(colours('ground')?.[0]);
    expect(document).toContain(`content="${bar}" media="(prefers-color-scheme: light)"`);
    expect(document).toContain(`content="${darkBar}" media="(prefers-color-scheme: dark)"`);
  });

  it('has small square icons of the sizes that it names', () => {
    const named = [...manifest.icons, { src: '/apple-touch-icon.png', sizes: '180x180' }];
    for (const { src, sizes } of named) {
      const png = readFileSync(`${BROWSER}public${src}`);
      expect(png.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a');
      expect(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`).toBe(sizes);
      expect(png.length).toBeLessThan(10_000);
    }
    expect(document).toContain('href="/apple-touch-icon.png"');
  });

  it('starts in the inbox, and stays within this site', () => {
    const { id, start_url, scope, display } = manifest;
    expect({ id, start_url, scope, display }).toEqual({
      id: '/',
      start_url: '/',
      scope: '/',
      display: 'standalone',
    });
    expect(manifest.shortcuts.map(({ url }: { url: string }) => url)).toEqual(['/', '/sessions', '/logs']);
  });
});
