import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';

/** A message as it came in. */
export interface Message {
  readonly headers: Record<string, string>;
  readonly body: string;
  /** The parsed body, with the id of the headers. */
  readonly event: { id: string; type: string; data: any };
}

/** Somebody else's server that takes webhooks, on a port of this machine. */
export interface Receiver {
  /** `host:port`, as an operator lists it. */
  readonly party: string;
  readonly url: string;
  readonly messages: Message[];
  /** What it answers from now on. */
  answer(status: number, headers?: Record<string, string>): void;
  /** Resolves with the first message of a type, one that is there already included. */
  first(type: string): Promise<Message>;
  close(): void;
}

export async function startReceiver(): Promise<Receiver> {
  const messages: Message[] = [];
  const reply: { status: number; headers: Record<string, string> } = { status: 200, headers: {} };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const headers = request.headers as Record<string, string>;
      messages.push({ headers, body, event: { ...JSON.parse(body), id: headers['webhook-id'] } });
      response.writeHead(reply.status, reply.headers).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const party = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    party,
    url: `http://${party}/in`,
    messages,
    answer(status, headers = {}) {
      Object.assign(reply, { status, headers });
    },
    async first(type) {
      const find = () => messages.find(({ event }) => event.type === type);
      await expect.poll(find, { timeout: 10_000 }).toBeDefined();
      return find() as Message;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
