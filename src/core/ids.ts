import { randomBytes as nodeRandomBytes } from 'node:crypto';
import { customAlphabet } from 'nanoid';
import { systemClock } from './clock.ts';

/** What an id names; the prefix is part of the id. */
export type IdPrefix =
  | 'ses'
  | 'apr'
  | 'cap'
  | 'key'
  | 'per'
  | 'psk'
  | 'svc'
  | 'tok'
  | 'act'
  | 'inv'
  | 'stm'
  | 'dec'
  | 'req'
  | 'ask'
  | 'mcp'
  | 'web'
  | 'ocl'
  | 'con'
  | 'own'
  | 'job'
  | 'whk'
  | 'dev'
  | 'evt';

/** Makes an unguessable id such as `apr_…` with at least 128 bits of randomness; ids of requests sort by when they were made. */
export type NewId = (prefix: IdPrefix) => string;

/** Fills `size` bytes from a cryptographic source. */
export type RandomBytes = (size: number) => Uint8Array;

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const body = customAlphabet(alphabet, 22);

const TIME_DIGITS = 8;

/** Milliseconds since the epoch in digits of the alphabet, as many for every time, so that the texts sort as the times do. */
function timeText(epochMs: number): string {
  let text = '';
  for (let rest = epochMs; text.length < TIME_DIGITS; rest = Math.floor(rest / alphabet.length))
    text = alphabet[rest % alphabet.length] + text;
  return text;
}

// Every call has an id on the ledger: in the order of time its index grows at one end, and in none all over the disk.
export const systemNewId: NewId = (prefix) =>
  prefix === 'req' ? `req_${timeText(systemClock())}${body()}` : `${prefix}_${body()}`;

const POOL_BYTES = 4096;

/** Draws from the system in blocks, since each draw costs more than its bytes. No byte is handed out twice. */
function pooledRandomBytes(): RandomBytes {
  let pool = nodeRandomBytes(POOL_BYTES);
  let used = 0;
  return (size) => {
    if (size > POOL_BYTES / 4) return nodeRandomBytes(size);
    if (used + size > POOL_BYTES) {
      pool = nodeRandomBytes(POOL_BYTES);
      used = 0;
    }
    used += size;
    return pool.subarray(used - size, used);
  };
}

export const systemRandomBytes: RandomBytes = pooledRandomBytes();
