import { CountersignError } from '../core/errors.ts';
import { decodeUtf8, parseStrict } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { ApiContext } from './context.ts';

const JSON_TYPE = /^application\/json\s*(?:;|$)/i;

function tooLarge(most: number): CountersignError {
  return new CountersignError(
    'payload_too_large',
    `The body is larger than ${most} bytes. Send less, or in parts.`,
  );
}

/** The refusal of a body of another media type. */
export function notJson(cause?: unknown): CountersignError {
  return new CountersignError('invalid_request', 'Content-Type: expected application/json', {
    cause,
    fields: [{ field: 'Content-Type', expected: 'application/json' }],
  });
}

/** The whole body, at most `most` bytes of it. Throws `payload_too_large`. */
export async function readBytes(c: ApiContext, most: number): Promise<Uint8Array> {
  if (Number(c.req.header('content-length') ?? 0) > most) throw tooLarge(most);
  const reader = c.req.raw.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    // A body without a length is not read further than the limit either.
    if (size > most) throw tooLarge(most);
    chunks.push(value);
  }
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
}

/**
 * Reads the body once, at most 4 MB of it, and refuses JSON that is not strict (duplicate keys, unsafe numbers, lone
 * surrogates, depth). The validators then read the same text; no body at all is read as `{}`. Throws
 * `payload_too_large`, `invalid_request`, `invalid_json`.
 */
export async function checkBody(c: ApiContext): Promise<void> {
  const bytes = await readBytes(c, LIMITS.messageBytes);
  const type = c.req.header('content-type');
  const text = bytes.length === 0 && type !== undefined ? '{}' : decodeUtf8(bytes);
  Object.assign(c.req.bodyCache, { text: Promise.resolve(text) });
  if (bytes.length === 0) return;
  if (!JSON_TYPE.test(type ?? '')) {
    throw notJson();
  }
  parseStrict(text);
}
