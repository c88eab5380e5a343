import { describe, expect, it } from 'vitest';
import {
  isNamedRedirect,
  redirectProblem,
  redirectTarget,
  redirectWith,
} from '../../../src/sessions/oauth/redirect.ts';

describe('a redirect URI', () => {
  it.each([
    'https://app.example/cb',
    'https://app.example:8443/cb?tenant=1',
    'http://127.0.0.1/cb',
    'http://localhost:3118/callback',
    'http://[::1]:9/cb',
    'cursor://anysphere.cursor-retrieval/oauth/callback',
    'com.example.app://cb',
  ])('may be %s', (uri) => {
    expect(redirectProblem(uri)).toBeUndefined();
  });

  it.each([
    'http://app.example/cb',
    'http://127.0.0.1.evil.example/cb',
    'http://localhost.evil.example/cb',
    'https://app.example/cb#fragment',
    'https://app.example/cb#',
    'https://user@app.example/cb',
    'https://user:secret@app.example/cb',
    'javascript:alert(1)',
    'javascript://x/%0aalert(1)',
    'JavaScript://x/',
    'data://x/html',
    'vbscript://x',
    'file:///etc/passwd',
    'blob:https://app.example/x',
    'ms-settings://x',
    'mailto:a@b.example',
    '/relative',
    '//app.example/cb',
    'https:\\\\app.example\\cb',
    'https://app.example/c b',
    'https://app.example/\u0000',
    'https://app.example/\ncb',
    '',
    `https://app.example/${'x'.repeat(2_000)}`,
  ])('may not be %j', (uri) => {
    expect(redirectProblem(uri)).toEqual(expect.any(String));
  });
});

describe('a redirect URI of a request', () => {
  const NAMED = ['https://app.example/cb', 'http://127.0.0.1:7777/cb?x=1', 'http://localhost/cb'];

  it.each([
    'https://app.example/cb',
    'http://127.0.0.1:1/cb?x=1',
    'http://127.0.0.1/cb?x=1',
    'http://localhost:55555/cb',
  ])('is one that was named: %s', (uri) => {
    expect(isNamedRedirect(uri, NAMED)).toBe(true);
  });

  it.each([
    'https://app.example/cb/',
    'https://app.example/CB',
    'https://app.example/cb?next=https://evil.example',
    'https://app.example/cb/../other',
    'https://app.example:444/cb',
    'https://app.example.evil.example/cb',
    'https://evil.example/https://app.example/cb',
    'http://app.example/cb',
    'http://127.0.0.1:1/cb',
    'http://127.0.0.1:1/cb?x=2',
    'http://localhost:1/cb?x=1',
    'http://localhost:1/other',
    'https://localhost/cb',
    'http://127.0.0.2/cb?x=1',
    'http://localhost@evil.example/cb',
    'https://app.example/cb#x',
    '',
  ])('is not one that was named: %j', (uri) => {
    expect(isNamedRedirect(uri, NAMED)).toBe(false);
  });
});

it('an answer is added to the query of a redirect, which keeps what it had', () => {
  const answer = { code: 'a&b=c', state: undefined, iss: 'http://localhost:1' };
  expect(redirectWith('https://a.example/cb', answer)).toBe(
    'https://a.example/cb?code=a%26b%3Dc&iss=http%3A%2F%2Flocalhost%3A1',
  );
  const url = new URL(redirectWith('https://a.example/cb?x=%20y', answer));
  expect([url.searchParams.get('x'), url.searchParams.get('code')]).toEqual([' y', 'a&b=c']);
});

it('people are told whether an answer goes to a web site, a program here, or an application', () => {
  expect(redirectTarget('https://app.example:444/cb')).toEqual({ kind: 'web', name: 'app.example:444' });
  expect(redirectTarget('http://127.0.0.1:3/cb')).toEqual({ kind: 'loopback', name: '127.0.0.1:3' });
  expect(redirectTarget('cursor://host/cb')).toEqual({ kind: 'application', name: 'cursor://host' });
});
