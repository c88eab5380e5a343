import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { allowedParties, refusedParty } from '../../src/http/guard.ts';
import { type Handler, type Listener, listen, type Patience } from '../../src/http/listen.ts';
import { rawHttp, statusOf } from '../mcp/support/raw-http.ts';

const SOON: Patience = { headersMs: 150, requestMs: 300, everyMs: 50 };

async function serving(
  handler: Handler,
  patience?: Patience,
): Promise<{ listener: Listener; errors: unknown[] }> {
  const errors: unknown[] = [];
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    onError: (error) => errors.push(error),
    ...(patience === undefined ? {} : { patience }),
  });
  onTestFinished(() => listener.close(0));
  const { port } = listener;
  const allowed = allowedParties({ publicOrigin: `http://localhost:${port}`, port, hosts: [], origins: [] });
  listener.serve({ handler, allowed });
  return { listener, errors };
}

/** Reads from a socket until the other side closes it. */
function untilClosed(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

function head(port: number, more = ''): string {
  return `POST / HTTP/1.1\r\nhost: localhost:${port}\r\n${more}`;
}

describe('a slow client', () => {
  test('that never ends its headers is cut off', async () => {
    const { listener } = await serving((_, response) => void response.end(), SOON);
    const socket = connect(listener.port, '127.0.0.1');
    socket.write(head(listener.port, 'x-slow: '));
    const drip = setInterval(() => socket.write('a'), 20);
    const answer = await untilClosed(socket);
    clearInterval(drip);
    expect(answer === '' || statusOf(answer) === 408).toBe(true);
  });

  test('that never ends its body is cut off', async () => {
    const { listener } = await serving((request) => void request.resume(), SOON);
    const socket = connect(listener.port, '127.0.0.1');
    socket.write(head(listener.port, 'content-length: 1000000\r\n\r\n'));
    const drip = setInterval(() => socket.write('a'), 20);
    const answer = await untilClosed(socket);
    clearInterval(drip);
    expect(answer === '' || statusOf(answer) === 408).toBe(true);
  });

  test('does not keep others waiting', async () => {
    const { listener } = await serving((_, response) => void response.end('ok'));
    const idle = Array.from({ length: 100 }, () => connect(listener.port, '127.0.0.1'));
    for (const socket of idle) socket.on('error', () => undefined).write('POST / HT');
    const response = await fetch(`http://localhost:${listener.port}/`);
    expect(await response.text()).toBe('ok');
    for (const socket of idle) socket.destroy();
  });
});

describe('a handler that fails', () => {
  test.each([
    [
      'at once',
      () => {
        throw new Error('boom');
      },
    ],
    [
      'later',
      async () => {
        await Promise.resolve();
        throw new Error('boom');
      },
    ],
  ] as const)('%s is answered with 500 without its words, and the server goes on', async (_, handler) => {
    const { listener, errors } = await serving(handler as Handler);
    for (let round = 0; round < 2; round++) {
      const response = await fetch(`http://localhost:${listener.port}/`);
      expect(response.status).toBe(500);
      expect(await response.text()).not.toContain('boom');
    }
    expect(errors).toHaveLength(2);
  });
});

describe('closing', () => {
  test('lets an answer under way finish, and does not wait for connections that are kept alive', async () => {
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const { listener } = await serving(async (_, response) => {
      reached.resolve();
      await gate.promise;
      response.end('finished');
    });
    const answer = fetch(`http://localhost:${listener.port}/`).then((response) => response.text());
    await reached.promise;
    const started = performance.now();
    const closed = listener.close(10_000);
    gate.resolve();
    expect(await answer).toBe('finished');
    await closed;
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test('cuts what is still open after the grace', async () => {
    const { listener } = await serving(() => undefined);
    const answer = fetch(`http://localhost:${listener.port}/`).then(
      () => 'answered',
      () => 'cut',
    );
    await expect.poll(async () => Promise.race([answer, 'open'])).toBe('open');
    await listener.close(50);
    expect(await answer).toBe('cut');
  });
});

test('before there is a handler the answer is 503', async () => {
  const listener = await listen({ host: '127.0.0.1', port: 0, onError: () => undefined });
  onTestFinished(() => listener.close(0));
  const response = await fetch(`http://localhost:${listener.port}/`);
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('1');
});

test('a taken port is told with what to do', async () => {
  const { listener } = await serving(() => undefined);
  const second = listen({ host: '127.0.0.1', port: listener.port, onError: () => undefined });
  await expect(second).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringContaining('--port'),
  });
});

describe('hosts and origins', () => {
  const allowed = allowedParties({
    publicOrigin: 'https://gate.example.com',
    port: 8080,
    hosts: ['Internal:81'],
    origins: ['https://app.example.com'],
  });

  test.each([
    'localhost:8080',
    '127.0.0.1:8080',
    '[::1]:8080',
    'gate.example.com',
    'GATE.example.com',
    'internal:81',
  ])('the host %s is ours', (host) =>
    expect(refusedParty({ host, origin: undefined }, allowed)).toBeUndefined(),
  );

  test.each([
    undefined,
    '',
    'localhost',
    'localhost:8081',
    'gate.example.com:8080',
    'gate.example.com.',
    'xgate.example.com',
    'gate.example.com, evil.example',
  ])('the host %s is not', (host) =>
    expect(refusedParty({ host, origin: undefined }, allowed)).toContain('Host'),
  );

  test.each(['https://gate.example.com', 'https://app.example.com', 'http://localhost:8080'])(
    'the origin %s may talk to us',
    (origin) => expect(refusedParty({ host: 'localhost:8080', origin }, allowed)).toBeUndefined(),
  );

  test.each([
    '',
    'null',
    'http://gate.example.com',
    'https://gate.example.com:444',
    'https://app.example.com.evil.example',
    'https://gate.example.com/',
  ])('the origin %s may not', (origin) =>
    expect(refusedParty({ host: 'localhost:8080', origin }, allowed)).toContain('Origin'),
  );
});

test('a body that a client breaks off leaves the server well', async () => {
  const { listener } = await serving((request, response) => {
    request.on('error', () => undefined);
    request.resume().on('end', () => response.end('ok'));
  });
  const socket = connect(listener.port, '127.0.0.1');
  socket.write(head(listener.port, 'content-length: 100\r\n\r\nabc'));
  socket.destroy();
  const answer = await rawHttp(
    listener.port,
    head(listener.port, 'content-length: 0\r\nconnection: close\r\n\r\n'),
  );
  expect(statusOf(answer)).toBe(200);
});
