import { join } from 'node:path';
import Database from 'libsql';
import { systemClock } from '../../../src/core/clock.ts';
import type { SqlValue } from '../../../src/storage/database.ts';
import { type Approver, enrol } from '../../support/approver.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../../support/gateway.ts';
import { assertionOf, type Machine, newMachine, proofOf } from './machine.ts';

/** Actions wait for a person, except those that the name calls free; those of the vault need a proof of a key. */
export const SHOP_POLICY = `version: 1
defaults: { effect: hold }
rules:
  - id: harmless
    match: { tools: ["oracle/echo"] }
    effect: allow
  - id: payments
    match: { tools: ["oracle/pay"] }
    effect: hold
    risk: high
    reason: Money leaves the company.
  - id: refunds
    match: { tools: ["refund.create"], kinds: [action] }
    effect: hold
    risk: high
    reason: Money leaves the company.
  - id: free
    match: { tools: ["free.look"], kinds: [action] }
    effect: allow
  - id: vault
    match: { tools: ["vault.open"], kinds: [action] }
    effect: hold
    risk: critical
    reason: The vault is opened.
    approval: { capability: { dpop: true } }
`;

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const APPROVAL = 'urn:countersign:params:oauth:token-type:approval';
export const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

export type Params = Readonly<Record<string, string>>;
export type Headings = Readonly<Record<string, string>>;

/** A gateway with an approver, a service account, and a requester's key. */
export interface Shop {
  readonly gateway: TestGateway;
  readonly origin: string;
  readonly person: Approver;
  readonly bot: Machine & { readonly id: string };
  readonly requesterKey: string;
  /** Posts a form to an OAuth endpoint. */
  post(path: string, params: Params | string, headers?: Headings): Promise<Answer>;
  /** Logs the service account in and gives its access token. */
  login(): Promise<string>;
  /** Requests an action. */
  request(as: string, action?: object): Promise<Answer>;
  /** Requests an action and has the person approve it. */
  approved(as: string, action?: object): Promise<string>;
  exchange(as: string, approvalId: string, more?: Params, headers?: Headings): Promise<Answer>;
  /** A proof of a key for a POST to this path. */
  proof(by: Machine, path: string, accessToken?: string): Promise<string>;
  entries(type: string): Promise<any[]>;
  /** What somebody does who can write to the database file. */
  write(sql: string, params: SqlValue[]): Promise<void>;
  close(): Promise<void>;
}

export const REFUND = {
  action: 'refund.create',
  resource: 'payments:acme',
  arguments: { order: 'o_1', cents: 4200 },
};

export async function openShop(options: TestGatewayOptions = {}): Promise<Shop> {
  const gateway = await startTestGateway({ policy: SHOP_POLICY, ...options });
  const person = await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');
  const machine = await newMachine();
  // Whoever registers an account does not decide what it asks for.
  const registrar = await person.invite('Rita', ['registrars']);
  const registered = await registrar.perform('service_account.create', {
    name: 'release-bot',
    groups: [],
    public_key: machine.jwk,
  });
  if (registered.status !== 201) throw new Error(JSON.stringify(registered.body));
  const bot = { ...machine, id: String(registered.body.id) };
  const made = await gateway.api('POST', '/v1/keys', { name: 'ci', roles: ['requester'] });

  const post: Shop['post'] = async (path, params, headers = {}) => {
    const response = await fetch(`${gateway.app.origin}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: typeof params === 'string' ? params : new URLSearchParams(params).toString(),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  };

  const request: Shop['request'] = async (as, action = REFUND) => {
    const response = await fetch(`${gateway.app.origin}/v1/approvals`, {
      method: 'POST',
      headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json' },
      body: JSON.stringify(action),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };

  return {
    gateway,
    get origin() {
      return gateway.app.origin;
    },
    person,
    bot,
    requesterKey: made.body.key,
    post,
    async login() {
      const audience = `${gateway.app.origin}/oauth/token`;
      const client_assertion = await assertionOf(bot, { account: bot.id, audience, nowMs: systemClock() });
      const grant_type = 'client_credentials';
      const answer = await post('/oauth/token', {
        grant_type,
        client_assertion_type: ASSERTION,
        client_assertion,
      });
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
      return answer.body.access_token;
    },
    request,
    async approved(as, action) {
      const asked = await request(as, action);
      const decided = await person.decide(asked.body.id, 'approve', 'fine');
      if (decided.status !== 200) throw new Error(JSON.stringify([asked.body, decided.body]));
      return asked.body.id;
    },
    exchange: (as, approvalId, more = {}, headers = {}) =>
      post(
        '/oauth/token',
        { grant_type: EXCHANGE, subject_token: approvalId, subject_token_type: APPROVAL, ...more },
        { authorization: `Bearer ${as}`, ...headers },
      ),
    proof: (by, path, accessToken) =>
      proofOf(by, {
        method: 'POST',
        url: `${gateway.app.origin}${path}`,
        nowMs: systemClock(),
        ...(accessToken === undefined ? {} : { accessToken }),
      }),
    async entries(type) {
      const listed = await gateway.api('GET', `/v1/logs?type=${type}&limit=200`);
      return listed.body.data;
    },
    async write(sql, params) {
      const database = new Database(join(gateway.dir, 'data', 'countersign.db'), { timeout: 5_000 });
      database.prepare(sql).run(...params);
      database.close();
    },
    close: () => gateway.close(),
  };
}
