import { LIMITS } from '../../core/limits.ts';
import type { Post } from './ask.ts';

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > LIMITS.witnessAnswerBytes) {
      throw new Error(`the answer is longer than ${LIMITS.witnessAnswerBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Posts over HTTP. An answer is read up to `LIMITS.witnessAnswerBytes`; a longer one is an error. */
export const postOverHttp: Post = async ({ url, body, signal }) => {
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    redirect: 'error',
    signal,
  });
  const text = await readText(response);
  return { status: response.status, type: response.headers.get('content-type') ?? '', body: text };
};
