import { ECDH } from 'node:crypto';
import { CountersignError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { LIMITS } from '../../core/limits.ts';
import type { EntryDraft } from '../../ledger/entry.ts';

/** A browser that a person lets the gateway tell. Times are epoch milliseconds. */
export interface Device {
  /** `dev_…`. */
  readonly id: string;
  /** `per_…`. */
  readonly person: string;
  readonly name: string;
  readonly createdAt: number;
  /** When its push service last took a message. */
  readonly toldAt: number | undefined;
  /** Why the last message was not taken; undefined when it was. */
  readonly lastError: string | undefined;
}

/** What messages for a device are encrypted for (RFC 8291 §2), base64url without padding. */
export interface DeviceKeys {
  /** The point of its P-256 key, uncompressed: 65 bytes. */
  readonly p256dh: string;
  /** Its authentication secret: 16 bytes. */
  readonly auth: string;
}

const POINT_BYTES = 65;
const AUTH_BYTES = 16;

function refuse(field: string, expected: string): never {
  throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
    fields: [{ field, expected }],
  });
}

function bytesOf(text: string): Uint8Array {
  return /^[A-Za-z0-9_-]+$/.test(text) ? Buffer.from(text, 'base64url') : new Uint8Array();
}

function isPoint(bytes: Uint8Array): boolean {
  if (bytes.length !== POINT_BYTES || bytes[0] !== 4) return false;
  try {
    ECDH.convertKey(bytes, 'prime256v1');
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

/** Throws `invalid_request`, which never holds what was given. */
export function parseKeys({ p256dh, auth }: DeviceKeys): DeviceKeys {
  if (!isPoint(bytesOf(p256dh)))
    refuse(
      'keys.p256dh',
      `an uncompressed point of P-256: ${POINT_BYTES} bytes as base64url without padding`,
    );
  if (bytesOf(auth).length !== AUTH_BYTES)
    refuse('keys.auth', `${AUTH_BYTES} bytes as base64url without padding`);
  return { p256dh, auth };
}

/** Throws `invalid_request`. */
export function parseName(text: string): string {
  const name = text.trim();
  const isPlain = name !== '' && name.length <= LIMITS.pushDeviceNameCharacters && !/\p{Cc}/u.test(name);
  return isPlain ? name : refuse('name', `one line of 1 to ${LIMITS.pushDeviceNameCharacters} characters`);
}

/** The address in its normal form. Where it leads is another question. Throws `invalid_request`. */
export function parseEndpoint(text: string): string {
  const url = URL.canParse(text) && text.length <= LIMITS.pushEndpointCharacters ? new URL(text) : undefined;
  if (url === undefined || url.hash !== '')
    return refuse('endpoint', `an https address of at most ${LIMITS.pushEndpointCharacters} characters`);
  return url.href;
}

/** Why a device is no longer told. */
export type RemovalCause = 'requested' | 'gone' | 'person_removed' | 'moved';

/** A fact about a device. `by` is absent where the gateway itself brought it about. Never holds the whole address. */
export function deviceEntry(
  type: 'device.added' | 'device.removed',
  about: { device: string; by?: string },
  body: JsonObject,
): EntryDraft {
  const ref = about.by === undefined ? {} : { principal: `person:${about.by}` };
  return { type, ref: { ...ref, action: type }, body: { device: about.device, ...body } };
}

/** Under which a device's place in the ledger and its deliveries are kept. */
export function deviceChannel(id: string): string {
  return `push:${id}`;
}

export function unknownDevice(): CountersignError {
  return new CountersignError(
    'not_found',
    'You have no device with this id. GET /v1/push/devices lists those that you have.',
  );
}
