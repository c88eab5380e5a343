import { isJsonObject, type JsonValue } from '../core/json.ts';
import { bodyOf } from './direct.ts';
import type { McpReply } from './request.ts';

/** What the SDK writes. JSON may hold U+2028, where a dot would stop. */
const MESSAGE = /^event: message\ndata: ([^\n]*)\n\n$/;

function isAnswer(data: string): boolean {
  const message = JSON.parse(data) as JsonValue;
  return isJsonObject(message) && message.method === undefined;
}

/**
 * The SDK's response with the reply's own text in the place of what the SDK made of it: a parsed reply has lost what no
 * double holds, and the order and spelling of everything. Status, headers, notifications and whatever the SDK has
 * answered by itself, so that there is no reply, stay as they are.
 */
export function withRawReply(
  response: Response,
  { id, reply }: { id: JsonValue; reply: () => McpReply | undefined },
): Response {
  const { status, headers, body } = response;
  const raw = (): string | undefined => {
    const known = reply();
    return known === undefined ? undefined : bodyOf(JSON.stringify(id), known).body;
  };
  if (!headers.get('content-type')?.startsWith('text/event-stream') || body === null) {
    const text = raw();
    return text === undefined ? response : new Response(text, { status, headers });
  }
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  // The SDK writes each event as one chunk.
  const replaced = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      const data = MESSAGE.exec(decoder.decode(chunk))?.[1];
      const text = data !== undefined && isAnswer(data) ? raw() : undefined;
      // JSON allows line breaks between tokens; here one would end the event.
      const line = text?.replaceAll(/[\r\n]+/g, ' ');
      controller.enqueue(line === undefined ? chunk : encoder.encode(`event: message\ndata: ${line}\n\n`));
    },
  });
  return new Response(body.pipeThrough(replaced), { status, headers });
}
