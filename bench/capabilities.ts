import { decodeJwt, type JSONWebKeySet } from 'jose';
import { verifyCapability } from '../src/capabilities/verify/verify-capability.ts';
import { enrolApprover } from './approver.ts';
import type { Figure } from './extras.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { quantile } from './measure.ts';
import { stop } from './spawned.ts';

const CLIENTS = 16;
const ROUNDS = 60;
const DECISIONS = 40;
const CHECKS = 4_000;
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const APPROVAL = 'urn:countersign:params:oauth:token-type:approval';

async function send(gateway: Gateway, path: string, body: string, type: string): Promise<any> {
  const headers = { authorization: `Bearer ${gateway.apiKey}`, 'content-type': type };
  const response = await fetch(`${gateway.origin}${path}`, { method: 'POST', headers, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${path} answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

async function request(gateway: Gateway, action: string): Promise<string> {
  const body = JSON.stringify({ action, resource: 'bench:1', arguments: { text: 'x' } });
  return (await send(gateway, '/v1/approvals', body, 'application/json')).id;
}

async function exchange(gateway: Gateway, approval: string): Promise<string> {
  const form = { grant_type: EXCHANGE, subject_token: approval, subject_token_type: APPROVAL };
  const body = new URLSearchParams(form).toString();
  return (await send(gateway, '/oauth/token', body, 'application/x-www-form-urlencoded')).access_token;
}

/** Requests and exchanges actions that policy allows, each client one after another. Per second. */
async function rateOf(gateway: Gateway): Promise<{ perSecond: number; token: string }> {
  const last = { token: '' };
  const run = async (rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round++)
      last.token = await exchange(gateway, await request(gateway, 'bench.free'));
  };
  await Promise.all(Array.from({ length: CLIENTS }, () => run(10)));
  const began = performance.now();
  await Promise.all(Array.from({ length: CLIENTS }, () => run(ROUNDS)));
  const perSecond = (CLIENTS * ROUNDS * 1_000) / (performance.now() - began);
  return { perSecond, token: last.token };
}

/** The exchange of what a person has signed, whose signature and enrolment are proven anew each time. */
async function exchangeMs(gateway: Gateway): Promise<number> {
  const approver = await enrolApprover(gateway);
  const times: number[] = [];
  for (let made = 0; made < DECISIONS; made++) {
    const id = await request(gateway, 'bench.held');
    const signed = await approver.sign(id);
    await approver.post(signed.path, signed.body);
    const began = performance.now();
    await exchange(gateway, id);
    times.push(performance.now() - began);
  }
  return quantile(times, 0.5);
}

/** What a downstream does with each token, in this process, with the keys at hand. Per second. */
async function checksPerSecond(gateway: Gateway, token: string): Promise<number> {
  const response = await fetch(`${gateway.origin}/.well-known/jwks.json`);
  const jwks = (await response.json()) as JSONWebKeySet;
  const [detail] = decodeJwt(token).authorization_details as { actor: string }[];
  const call = {
    action: 'bench.free',
    resource: 'bench:1',
    actor: detail?.actor ?? '',
    arguments: { text: 'x' },
  };
  const options = { issuer: gateway.origin, jwks, audience: 'bench:1', call, requireDecision: false };
  const run = async (checks: number): Promise<void> => {
    for (let check = 0; check < checks; check++) await verifyCapability(token, options);
  };
  await run(CHECKS / 10);
  const began = performance.now();
  await run(CHECKS);
  return (CHECKS * 1_000) / (performance.now() - began);
}

/** Capabilities over HTTP: released and exchanged, proven and exchanged, and checked by those who receive them. */
export async function measureCapabilities(folder: string): Promise<Figure[]> {
  const gateway = await startGateway(folder, {});
  try {
    const { perSecond, token } = await rateOf(gateway);
    const checked = await checksPerSecond(gateway, token);
    const signedMs = await exchangeMs(gateway);
    const must = Number.NaN;
    return [
      { what: `capability: issued and exchanged, ${CLIENTS} clients`, value: perSecond, unit: '/s', must },
      { what: 'capability: exchange of what a person signed, p50', value: signedMs, unit: 'ms', must },
      { what: 'capability: tokens checked, one core', value: checked, unit: '/s', must },
    ];
  } finally {
    await stop(gateway.child);
  }
}
