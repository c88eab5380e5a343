import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Era } from '../../../src/mcp/request.ts';
import { answersTo } from './corpus-answers.ts';

const PROGRAM = fileURLToPath(new URL('./corpus-main.ts', import.meta.url));

/** How the corpus is reached: its entry in `mcpServers`, and for HTTP its address. */
export interface Corpus {
  readonly entry: { readonly command: string; readonly args: string[] } | { readonly url: string };
}

/** The corpus as a child process that speaks this era over its pipes. */
export function stdioCorpus(era: Era): Corpus {
  return { entry: { command: process.execPath, args: [PROGRAM, era] } };
}

/** The corpus over Streamable HTTP in this era, without sessions. Closed after the test. */
export async function httpCorpus(era: Era): Promise<Corpus> {
  const server = createServer(async (request, response) => {
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const answers = answersTo(Buffer.concat(chunks).toString('utf8'), era);
    const [answer] = answers;
    if (answer === undefined) return void response.writeHead(202).end();
    if (answers.length > 1) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return void response.end(answers.map((one) => `data: ${one}\n\n`).join(''));
    }
    const isUnknown = era === 'modern' && answer.includes('"code":-32601');
    response.writeHead(isUnknown ? 404 : 200, { 'content-type': 'application/json' }).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { entry: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp` } };
}
