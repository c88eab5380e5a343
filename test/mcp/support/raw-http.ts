import { connect } from 'node:net';

/** Sends bytes as they are and reads until the server closes, or until one whole answer has come. */
export function rawHttp(port: number, bytes: string | Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const finish = (): void => {
      socket.destroy();
      resolve(text);
    };
    socket.on('connect', () => socket.write(bytes));
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const head = text.indexOf('\r\n\r\n');
      const length = /content-length: (\d+)/i.exec(text)?.[1];
      if (head >= 0 && length !== undefined && text.length >= head + 4 + Number(length)) finish();
    });
    socket.on('close', finish);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (text !== '' || error.code === 'EPIPE' || error.code === 'ECONNRESET') finish();
      else reject(error);
    });
  });
}

/** One request as text, with headers exactly as given, doubles included. */
export function rawRequest(request: {
  method?: string;
  target: string;
  headers: readonly (readonly [string, string])[];
  body?: string;
}): string {
  const { method = 'POST', target, headers, body = '' } = request;
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `${method} ${target} HTTP/1.1\r\n${lines}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

export function statusOf(answer: string): number {
  return Number(answer.slice('HTTP/1.1 '.length, 'HTTP/1.1 '.length + 3));
}
