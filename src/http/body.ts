import type { IncomingMessage } from 'node:http';
import { CountersignError } from '../core/errors.ts';

/**
 * Reads a request body of at most `maxBytes`. Throws `payload_too_large` without buffering more than the limit,
 * `invalid_request` when the client goes away half-way.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const tooLarge = (): CountersignError =>
      new CountersignError(
        'payload_too_large',
        `The body is larger than ${maxBytes} bytes. Send less, or in parts.`,
      );
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
      reject(tooLarge());
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) {
        request.pause();
        reject(tooLarge());
        return;
      }
      chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.on('error', (cause) =>
      reject(new CountersignError('invalid_request', 'The body ended early.', { cause })),
    );
    request.on('aborted', () => reject(new CountersignError('invalid_request', 'The body ended early.')));
  });
}
