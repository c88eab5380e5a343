import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

/**
 * One keep-alive connection that sends one request at a time. Cheap on purpose: it shares the machine with what it
 * measures. `park` closes the connection, so that no server's idle timeout falls into a later slice; the next request
 * opens it again.
 */
export interface HttpClient {
  post(body: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  park(): void;
}

interface Waiter {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

function endOfChunks(bytes: Buffer, from: number): { end: number; body: string } | undefined {
  const parts: Buffer[] = [];
  let at = from;
  for (;;) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16);
    const next = line + 2 + size + 2;
    if (bytes.length < next) return undefined;
    if (size === 0) return { end: next, body: Buffer.concat(parts).toString() };
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = next;
  }
}

/** Takes one whole response off the front of the bytes, or nothing when it is not all there yet. */
function takeAnswer(bytes: Buffer): { answer: Answer; end: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const headers = bytes.toString('latin1', 0, headEnd);
  const status = Number(headers.slice(9, 12));
  const from = headEnd + 4;
  if (/\r\ntransfer-encoding: chunked/i.test(headers)) {
    const chunks = endOfChunks(bytes, from);
    return chunks && { answer: { status, headers, body: chunks.body }, end: chunks.end };
  }
  const end = from + Number(/\r\ncontent-length: (\d+)/i.exec(headers)?.[1] ?? 0);
  if (bytes.length < end) return undefined;
  return { answer: { status, headers, body: bytes.toString('utf8', from, end) }, end };
}

interface State {
  socket: Socket | undefined;
  rest: Buffer;
  waiter: Waiter | undefined;
}

function settle(state: State, act: (waiter: Waiter) => void): void {
  const { waiter } = state;
  state.waiter = undefined;
  if (waiter) act(waiter);
}

function openSocket(state: State, host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true }, () => resolve(socket));
    state.socket = socket;
    state.rest = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      state.rest = state.rest.length === 0 ? chunk : Buffer.concat([state.rest, chunk]);
      const taken = takeAnswer(state.rest);
      if (!taken) return;
      state.rest = state.rest.subarray(taken.end);
      settle(state, (waiter) => waiter.resolve(taken.answer));
    });
    const end = (reason: string): void => {
      if (state.socket === socket) state.socket = undefined;
      const error = new Error(`${host}:${port}: ${reason}`);
      settle(state, (waiter) => waiter.reject(error));
      reject(error);
    };
    socket.on('close', () => end('the connection was closed'));
    socket.on('error', (error) => end(error.message));
  });
}

function linesOf(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
}

/** A client of `url`; every request carries `fixed` and the headers given with it. */
export function createHttpClient(url: string, fixed: Readonly<Record<string, string>>): HttpClient {
  const { hostname, port, pathname, search, host } = new URL(url);
  const lines = linesOf({
    host,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...fixed,
  });
  const head = `POST ${pathname}${search} HTTP/1.1\r\n${lines}`;
  const state: State = { socket: undefined, rest: Buffer.alloc(0), waiter: undefined };
  return {
    post: async (body, headers = {}) => {
      const socket = state.socket ?? (await openSocket(state, hostname, Number(port)));
      return new Promise((resolve, reject) => {
        state.waiter = { resolve, reject };
        socket.write(`${head}${linesOf(headers)}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
      });
    },
    park: () => {
      state.socket?.destroy();
      state.socket = undefined;
    },
  };
}
