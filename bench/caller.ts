import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { createHttpClient } from './http-client.ts';

/** One agent: calls a method and resolves with the text of the answer that holds the result. */
export interface Caller {
  /** The headers that further requests of this MCP session carry. */
  readonly headers: Readonly<Record<string, string>>;
  call(method: string, params: unknown): Promise<string>;
  /** Lets go of the connection between slices. */
  park(): void;
}

const VERSION = '2025-11-25';
const HELLO = { protocolVersion: VERSION, capabilities: {}, clientInfo: { name: 'bench', version: '1.0.0' } };

function messageOf(id: number, method: string, params: unknown): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params });
}

function checked(where: string, text: string): string {
  if (!text.includes('"result"')) throw new Error(`${where} answered ${text.slice(0, 300) || 'nothing'}`);
  return text;
}

/** Opens an MCP session over Streamable HTTP on a connection of its own. */
export async function openHttpCaller(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<Caller> {
  const client = createHttpClient(url, headers);
  const first = await client.post(messageOf(1, 'initialize', HELLO));
  checked(`${url} initialize (${first.status})`, first.body);
  const mcpSession = /\r\nmcp-session-id: ([^\r]+)/i.exec(first.headers)?.[1];
  const agreed = /"protocolVersion":"([^"]+)"/.exec(first.body)?.[1] ?? VERSION;
  const own = {
    'mcp-protocol-version': agreed,
    ...(mcpSession === undefined ? {} : { 'mcp-session-id': mcpSession }),
  };
  await client.post(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }), own);
  const state = { id: 1 };
  return {
    headers: { ...headers, ...own },
    call: async (method, params) => {
      const answer = await client.post(messageOf(++state.id, method, params), own);
      return checked(`${url} ${method} (${answer.status})`, answer.body);
    },
    park: () => client.park(),
  };
}

/** Shares one child process that speaks MCP on stdio among any number of callers. */
export async function openStdioCaller(child: ChildProcess): Promise<Caller> {
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new Error('The child has no pipes.');
  const waiting = new Map<number, { resolve(text: string): void; reject(error: Error): void }>();
  createInterface({ input: stdout }).on('line', (line) => {
    const id = Number(/"id":(\d+)/.exec(line)?.[1]);
    waiting.get(id)?.resolve(line);
    waiting.delete(id);
  });
  child.once('exit', () => {
    for (const waiter of waiting.values()) waiter.reject(new Error('The child ended.'));
  });
  const state = { id: 0 };
  const call = async (method: string, params: unknown): Promise<string> => {
    const id = ++state.id;
    const answer = new Promise<string>((resolve, reject) => waiting.set(id, { resolve, reject }));
    stdin.write(`${messageOf(id, method, params)}\n`);
    return checked(`stdio ${method}`, await answer);
  };
  await call('initialize', HELLO);
  stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
  return { headers: {}, call, park: () => undefined };
}
