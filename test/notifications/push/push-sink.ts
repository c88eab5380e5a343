import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { importJWK, type JWTPayload, jwtVerify } from 'jose';
import { expect } from 'vitest';
import { decryptPush, newUserAgentKeys, type UserAgentKeys } from './decrypt.ts';

/** What `PushSubscription.toJSON()` gives in a browser; binary members are base64url. */
export interface Subscription {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

/** A message that was taken, as its browser would get it. */
export interface Pushed {
  readonly endpoint: string;
  /** `event.data.text()`, and the same parsed. */
  readonly text: string;
  readonly message: any;
  readonly bytes: number;
  /** In seconds. */
  readonly ttl: number;
  readonly urgency: string | undefined;
  readonly topic: string | undefined;
  /** Of the JWT of the application server (RFC 8292 §2). */
  readonly claims: JWTPayload;
}

/** A push service and the browsers that subscribe to it, on a port of this machine. */
export interface PushService {
  /** `host:port`, as an operator lists it. */
  readonly party: string;
  readonly origin: string;
  /** Whatever was right, in order, also where the answer was a failure. */
  readonly pushed: Pushed[];
  /** Why each request that was wrong is. */
  readonly refused: string[];
  /** What it answers to what is right; 201 unless a test says otherwise. */
  answer: (pushed: Pushed) => number | Promise<number>;
  /** A new browser, for messages of the application server with this key (base64url). */
  subscribe(applicationServerKey: string): Promise<Subscription>;
  /** Resolves with all that was taken, once it is as many. */
  arrived(count: number): Promise<readonly Pushed[]>;
  close(): Promise<void>;
}

const HOUR_S = 3_600;

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

/** The claims of `Authorization: vapid t=…, k=…` (RFC 8292 §3). Throws unless `key` has signed them for `origin`. */
async function vapidClaims(header: string, about: { key: string; origin: string }): Promise<JWTPayload> {
  const [, token = '', key = ''] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(header) ?? [];
  if (key !== about.key) throw new Error('another application server subscribed this browser');
  const point = Buffer.from(key, 'base64url');
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString('base64url'));
  const publicKey = await importJWK({ kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' }, 'ES256');
  const { payload } = await jwtVerify(token, publicKey, { audience: about.origin, algorithms: ['ES256'] });
  const left = (payload.exp ?? Number.POSITIVE_INFINITY) - Date.now() / 1_000;
  if (left > 12 * HOUR_S + 5) throw new Error(`expires in ${left} s`);
  if (!/^(?:mailto:.+@.+|https:\/\/.+)$/.test(payload.sub ?? ''))
    throw new Error(`no contact: ${payload.sub}`);
  return payload;
}

export async function startPushService(): Promise<PushService> {
  const browsers = new Map<string, { keys: UserAgentKeys; key: string }>();

  async function read(request: IncomingMessage, body: Buffer): Promise<Pushed> {
    const { headers } = request;
    const endpoint = `${service.origin}${request.url}`;
    const browser = browsers.get(endpoint);
    if (browser === undefined) throw new Error('no such subscription');
    const { key } = browser;
    const claims = await vapidClaims(headers.authorization ?? '', { key, origin: service.origin });
    if (headers['content-encoding'] !== 'aes128gcm') throw new Error('no aes128gcm');
    if (body.length > 4_096) throw new Error(`${body.length} bytes`);
    if (!/^[0-9]+$/.test(String(headers.ttl))) throw new Error(`no TTL: ${headers.ttl}`);
    const { topic, urgency } = headers as Record<string, string | undefined>;
    if (topic !== undefined && !/^[\w-]{1,32}$/.test(topic)) throw new Error(`no topic: ${topic}`);
    const text = await decryptPush(browser.keys, body);
    const message = JSON.parse(text);
    const bytes = Buffer.byteLength(text);
    return { endpoint, text, message, bytes, ttl: Number(headers.ttl), urgency, topic, claims };
  }

  async function statusOf(request: IncomingMessage): Promise<number> {
    const body = await bodyOf(request);
    let pushed: Pushed;
    try {
      pushed = await read(request, body);
    } catch (error) {
      service.refused.push(String(error));
      return 403;
    }
    service.pushed.push(pushed);
    return service.answer(pushed);
  }

  const server = createServer((request, response) => {
    statusOf(request).then(
      (status) => response.writeHead(status).end(),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const party = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const service: PushService = {
    party,
    origin: `http://${party}`,
    pushed: [],
    refused: [],
    answer: () => 201,
    async subscribe(applicationServerKey) {
      const keys = await newUserAgentKeys();
      const endpoint = `${service.origin}/push/${browsers.size + 1}`;
      browsers.set(endpoint, { keys, key: applicationServerKey });
      const text = (part: Uint8Array): string => Buffer.from(part).toString('base64url');
      return { endpoint, keys: { p256dh: text(keys.publicKey), auth: text(keys.auth) } };
    },
    async arrived(count) {
      const taken = () => ({ pushed: service.pushed.length >= count, refused: service.refused });
      await expect.poll(taken, { timeout: 10_000 }).toEqual({ pushed: true, refused: [] });
      return service.pushed;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return service;
}
