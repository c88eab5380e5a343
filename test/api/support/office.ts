import { expect } from 'vitest';
import type { Role } from '../../../src/principals/principal.ts';
import { connectV1 } from '../../support/agents.ts';
import { type Approver, enrol } from '../../support/approver.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../../support/gateway.ts';
import { bodyProblems } from './schema.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: any;
}

export interface Ask {
  readonly as?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** A gateway with a key of each role and a person, whose every answer is compared with the OpenAPI document. */
export interface Office {
  readonly gateway: TestGateway;
  readonly person: Approver;
  readonly keys: Readonly<Record<Role, string>>;
  readonly document: any;
  /** Sends a request; `as` is an API key, or a cookie where it holds `=`, and the operator's key when left out. */
  ask(method: string, path: string, more?: Ask): Promise<Answer>;
  /** The same as nobody. */
  askAnonymously(method: string, path: string, more?: Omit<Ask, 'as'>): Promise<Answer>;
  /** Has the starter session's agent call `pay`, which policy holds. */
  freeze(args?: { amount_cents: number; to: string }): Promise<string>;
  close(): Promise<void>;
}

function credentials(origin: string, as: string | undefined): Record<string, string> {
  if (as === undefined) return {};
  if (!as.includes('=')) return { authorization: `Bearer ${as}` };
  return { cookie: as, origin, 'x-countersign-csrf': '1' };
}

export async function openOffice(options: TestGatewayOptions = {}): Promise<Office> {
  const gateway = await startTestGateway(options);
  const { origin } = gateway.app;
  const person = await enrol(origin, gateway.app.enrolUrl ?? '');
  const document = await (await fetch(`${origin}/v1/openapi.json`)).json();
  let payments = 0;

  async function send(method: string, path: string, more: Ask): Promise<Answer> {
    const { body, headers, as } = more;
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: {
        ...credentials(origin, as),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const mediaType = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
    const isJson = /[/+]json$/.test(mediaType);
    const parsed = isJson ? JSON.parse(text) : mediaType === '' ? undefined : text;
    const { status } = response;
    if (!path.startsWith('/v1/openapi.json')) {
      const at = { method, path: path.split('?')[0] ?? '', status, mediaType, body: parsed };
      expect(bodyProblems(document, at), `${method} ${path} ${status} ${text}`).toEqual([]);
    }
    return { status, headers: response.headers, text, body: parsed };
  }

  async function makeKey(role: Role): Promise<string> {
    const made = await send('POST', '/v1/keys', { as: gateway.apiKey, body: { name: role, roles: [role] } });
    return made.body.key;
  }

  return {
    gateway,
    person,
    keys: {
      operator: gateway.apiKey,
      minter: await makeKey('minter'),
      reader: await makeKey('reader'),
      requester: await makeKey('requester'),
    },
    document,
    ask: (method, path, more = {}) => send(method, path, { as: gateway.apiKey, ...more }),
    askAnonymously: (method, path, more = {}) => send(method, path, more),
    async freeze(args) {
      payments += 1;
      const client = await connectV1(gateway.app.session.mcp);
      const call = { name: 'pay', arguments: args ?? { amount_cents: payments, to: 'c_1' } };
      const held: any = await client.callTool(call);
      await client.close();
      return held.structuredContent.approval_id;
    },
    close: () => gateway.close(),
  };
}
