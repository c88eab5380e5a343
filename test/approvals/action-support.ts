import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { assertionOf, newMachine } from '../capabilities/support/machine.ts';
import { type Approver, enrol } from '../support/approver.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts';

/** Holds deployments to production, allows those to staging, denies those to the moon; everything else is held. */
export const ACTION_POLICY = `version: 1
defaults: { effect: hold }
rules:
  - id: production
    match: { tools: ["deployment.execute"], kinds: [action] }
    when: 'has(metadata.environment) && metadata.environment == "production"'
    effect: hold
    risk: high
    reason: The action changes what runs in production.
    redact: [/secret]
  - id: staging
    match: { tools: ["deployment.execute"], kinds: [action] }
    when: 'has(metadata.environment) && metadata.environment == "staging"'
    effect: allow
  - id: moon
    match: { tools: ["deployment.execute"], kinds: [action] }
    when: 'has(metadata.environment) && metadata.environment == "moon"'
    effect: deny
    reason: Nothing is deployed to the moon.
`;

export const DEPLOY = {
  action: 'deployment.execute',
  resource: 'service:billing-api',
  risk: 'high',
  actor: 'service-account:release-bot',
  metadata: { environment: 'production' },
  arguments: { version: '1.2' },
};

type Answer = { status: number; body: any; headers: Headers };

/** A gateway whose policy knows actions, one enrolled approver, and a key with the role requester. */
export interface ActionStage {
  readonly gateway: TestGateway;
  readonly approver: Approver;
  readonly requester: { readonly ref: string; readonly secret: string };
  /** Any request with this key, the requester's unless told. */
  call(method: string, path: string, body?: unknown, secret?: string): Promise<Answer>;
  request(change?: object): Promise<Answer>;
  /** Requests, and lets the approver approve. */
  approved(change?: object): Promise<string>;
  exchange(id: string, secret?: string): Promise<Answer>;
  newKey(roles: string[], name?: string): Promise<{ ref: string; secret: string }>;
  /** Registers a service account and logs it in: what its requests carry. */
  serviceAccount(name: string): Promise<{ ref: string; secret: string }>;
  entries(query: string): Promise<any[]>;
}

export async function openActionStage(options: TestGatewayOptions = {}): Promise<ActionStage> {
  const gateway = await startTestGateway({ policy: ACTION_POLICY, ...options });
  onTestFinished(() => gateway.close());
  const approver = await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');

  async function send(path: string, init: RequestInit): Promise<Answer> {
    const response = await fetch(`${gateway.app.origin}${path}`, init);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  }
  const token = (params: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> =>
    send('/oauth/token', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams(params).toString(),
    });
  const newKey: ActionStage['newKey'] = async (roles, name = 'ci') => {
    const { body } = await gateway.api('POST', '/v1/keys', { name, roles });
    return { ref: `api_key:${body.id}`, secret: body.key };
  };
  const requester = await newKey(['requester']);
  const call: ActionStage['call'] = (method, path, body, secret = requester.secret) =>
    send(path, {
      method,
      headers: {
        authorization: `Bearer ${secret}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const request: ActionStage['request'] = (change = {}) =>
    call('POST', '/v1/approvals', { ...DEPLOY, ...change });
  return {
    gateway,
    approver,
    requester,
    call,
    request,
    newKey,
    async approved(change) {
      const { body } = await request(change);
      const decided = await approver.decide(body.id, 'approve');
      if (decided.body?.state !== 'approved')
        throw new Error(`not approved: ${JSON.stringify(decided.body)}`);
      return body.id;
    },
    exchange: (id, secret = requester.secret) => {
      const params = {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: id,
        subject_token_type: 'urn:countersign:params:oauth:token-type:approval',
      };
      return token(params, { authorization: `Bearer ${secret}` });
    },
    async serviceAccount(name) {
      const machine = await newMachine();
      const made = await approver.perform('service_account.create', {
        name,
        groups: [],
        public_key: machine.jwk,
      });
      const audience = `${gateway.app.origin}/oauth/token`;
      const assertion = await assertionOf(machine, { account: made.body.id, audience, nowMs: systemClock() });
      const { body } = await token({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      });
      return { ref: `service_account:${made.body.id}`, secret: body.access_token };
    },
    entries: async (query) => (await gateway.api('GET', `/v1/logs?order=asc&limit=200&${query}`)).body.data,
  };
}
