import { systemClock } from '../core/clock.ts';
import { apiError } from './api-error.ts';

export type WebhookEventType =
  | 'approval.requested'
  | 'approval.decided'
  | 'approval.expired'
  | 'capability.issued'
  | 'capability.exchanged'
  | 'call.completed'
  | 'job.completed'
  | 'session.revoked'
  | 'server.drifted'
  | 'ledger.checkpointed';

/** What an event tells, in the names of the REST API. Ids are there where the event is about such a thing. */
export interface WebhookData {
  readonly [member: string]: unknown;
  readonly approval?: string;
  readonly session?: string;
  readonly subject?: string;
  readonly call?: string;
  readonly job?: string;
  readonly capability?: string;
  /** `server/tool`. */
  readonly tool?: string;
  /** The name of an action that is no tool call. */
  readonly action?: string;
  readonly risk?: string;
  readonly state?: string;
}

export interface WebhookEvent {
  /** The same for every attempt: what was handled under it before is not handled again. */
  readonly id: string;
  /** A later gateway may know more types; leave alone what you do not know. */
  readonly type: WebhookEventType | 'webhook.test';
  /** When it happened, RFC 3339. */
  readonly timestamp: string;
  readonly data: WebhookData;
}

export interface UnwrapOptions {
  /** How far the sender's clock may be from this one; five minutes unless told. */
  readonly toleranceMs?: number | undefined;
  /** Epoch milliseconds; the system's clock unless told. */
  readonly now?: (() => number) | undefined;
}

type HeaderSource = Pick<Headers, 'get'> | Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Checks what a webhook has received (Standard Webhooks 1.0) and reads it. `payload` is the body exactly as it came,
 * before any parsing. `keys` are the endpoint's secret (`whsec_…`) or its public key (`whpk_…`), or several while keys
 * are rotated: one of them must have signed. Throws `invalid_signature` when none has, or when the time that was signed is
 * too far from now; nothing of the payload is to be believed then.
 */
export type UnwrapWebhook = (
  payload: string | Uint8Array,
  headers: HeaderSource,
  keys: string | readonly string[],
  options?: UnwrapOptions,
) => Promise<WebhookEvent>;

const TOLERANCE_MS = 5 * 60_000;
const KEY_FORM = /^(whsec|whpk)_([A-Za-z0-9+/]+={0,2})$/;

function refuse(why: string): Error {
  return apiError({ code: 'invalid_signature', message: `This is no message of the webhook: ${why}.` });
}

function headerOf(headers: HeaderSource, name: string): string {
  const get = (headers as Partial<Pick<Headers, 'get'>>).get;
  if (typeof get === 'function') return get.call(headers, name) ?? '';
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof found === 'string' ? found : '';
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw apiError({ code: 'invalid_signature', message: 'A signature or key is not base64.', cause });
  }
}

interface Verifier {
  readonly version: 'v1' | 'v1a';
  readonly check: (signature: Uint8Array<ArrayBuffer>, content: Uint8Array<ArrayBuffer>) => Promise<boolean>;
}

async function verifierOf(text: string): Promise<Verifier> {
  const [, kind, base64 = ''] = KEY_FORM.exec(text) ?? [];
  if (kind === undefined)
    throw apiError({
      code: 'invalid_request',
      message: 'keys: expected the secret (whsec_…) or the public key (whpk_…) of the webhook.',
    });
  const raw = bytesOf(base64);
  const { subtle } = crypto;
  if (kind === 'whpk') {
    const key = await subtle.importKey('raw', raw, { name: 'Ed25519' }, false, ['verify']);
    return {
      version: 'v1a',
      check: (signature, content) => subtle.verify('Ed25519', key, signature, content),
    };
  }
  const hmac = { name: 'HMAC', hash: 'SHA-256' };
  const key = await subtle.importKey('raw', raw, hmac, false, ['verify']);
  return { version: 'v1', check: (signature, content) => subtle.verify('HMAC', key, signature, content) };
}

async function isSigned(signatures: string, content: Uint8Array<ArrayBuffer>, keys: readonly string[]) {
  const verifiers = await Promise.all(keys.map(verifierOf));
  for (const signature of signatures.split(' ')) {
    const [version, base64 = ''] = signature.split(',');
    for (const verifier of verifiers)
      if (verifier.version === version && (await verifier.check(bytesOf(base64), content))) return true;
  }
  return false;
}

export const unwrapWebhook: UnwrapWebhook = async (payload, headers, keys, options = {}) => {
  const { toleranceMs = TOLERANCE_MS, now = systemClock } = options;
  const id = headerOf(headers, 'webhook-id');
  const timestamp = headerOf(headers, 'webhook-timestamp');
  const signatures = headerOf(headers, 'webhook-signature');
  if (id === '' || signatures === '' || !/^\d{1,12}$/.test(timestamp))
    throw refuse('webhook-id, webhook-timestamp or webhook-signature is not there');
  if (Math.abs(now() - Number(timestamp) * 1_000) > toleranceMs)
    throw refuse('its time is too far from now; it may have been recorded and sent again');
  const text = typeof payload === 'string' ? payload : new TextDecoder().decode(payload);
  const content = new TextEncoder().encode(`${id}.${timestamp}.${text}`);
  const given = typeof keys === 'string' ? [keys] : keys;
  if (!(await isSigned(signatures, content, given))) throw refuse('none of the keys has signed it');
  return { ...(JSON.parse(text) as Omit<WebhookEvent, 'id'>), id };
};
