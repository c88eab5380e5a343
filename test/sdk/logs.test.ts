import { describe, expect, onTestFinished, test } from 'vitest';
import { Countersign } from '../../src/sdk/countersign.ts';
import { createEventParser } from '../../src/sdk/event-stream.ts';
import { json, page, problem, type Reply, startFakeGateway } from './fake-gateway.ts';
import { entryWire } from './wire-samples.ts';

async function setUp() {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  const pauses: number[] = [];
  const pause = async (ms: number) => void pauses.push(ms);
  return { gateway, pauses, client: new Countersign({ baseUrl: gateway.origin, apiKey: 'cs_k', pause }) };
}

function event(seq: number): string {
  return `id: ${seq}\nevent: entry\ndata: ${JSON.stringify(entryWire(seq))}\n\n`;
}

function streamOf(text: string, end: 'close' | 'cut' | 'stay'): Reply {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(text, () => {
      if (end === 'close') response.end();
      if (end === 'cut') response.destroy();
    });
  };
}

async function take(entries: AsyncIterable<{ seq: number }>, count: number): Promise<number[]> {
  const seqs: number[] = [];
  for await (const entry of entries) {
    seqs.push(entry.seq);
    if (seqs.length === count) break;
  }
  return seqs;
}

test('query maps its filter and leaves the body of an entry as it is', async () => {
  const { gateway, client } = await setUp();
  gateway.on('GET /v1/logs', page([entryWire(7)]));
  const { data } = await client
    .forUser('user-1')
    .logs.query({ action: 'sandbox/x', limit: 10, order: 'asc' });
  expect(data).toEqual([entryWire(7)]);
  expect(gateway.seen[0]?.query).toEqual({
    action: 'sandbox/x',
    limit: '10',
    order: 'asc',
    subject: 'user-1',
  });
});

test('verify tells what is wrong as an answer and not as an error', async () => {
  const { gateway, client } = await setUp();
  gateway.on(
    'GET /v1/logs/verify',
    json(200, { ok: false, size: 3, root: 'r', checkpoint: 'c', problem: { seq: 2, reason: 'It differs.' } }),
  );
  await expect(client.logs.verify()).resolves.toMatchObject({
    ok: false,
    problem: { seq: 2, reason: 'It differs.' },
  });
});

describe('the stream', () => {
  test('resumes after a clean end and after a cut with Last-Event-ID', async () => {
    const { gateway, client } = await setUp();
    gateway.on(
      'GET /v1/logs/stream',
      streamOf(event(1) + event(2), 'close'),
      streamOf(event(3), 'cut'),
      streamOf(event(4), 'stay'),
    );
    await expect(take(client.logs.stream({ action: 'sandbox/x' }), 4)).resolves.toEqual([1, 2, 3, 4]);
    expect(gateway.seen.map((one) => one.headers['last-event-id'])).toEqual([undefined, '2', '3']);
    expect(gateway.seen.every((one) => one.query.action === 'sandbox/x')).toBe(true);
  });

  test('gives an entry once although it was sent again', async () => {
    const { gateway, client } = await setUp();
    gateway.on('GET /v1/logs/stream', streamOf(event(1), 'close'), streamOf(event(1) + event(2), 'stay'));
    await expect(take(client.logs.stream(), 2)).resolves.toEqual([1, 2]);
  });

  test('drops what a cut connection began', async () => {
    const { gateway, client } = await setUp();
    const begun = event(2).slice(0, 30);
    gateway.on('GET /v1/logs/stream', streamOf(event(1) + begun, 'cut'), streamOf(event(2), 'stay'));
    await expect(take(client.logs.stream(), 2)).resolves.toEqual([1, 2]);
  });

  test('resumes from an id that came without data', async () => {
    const { gateway, client } = await setUp();
    gateway.on(
      'GET /v1/logs/stream',
      streamOf('id: 40\n\n: hello\n\n', 'close'),
      streamOf(event(41), 'stay'),
    );
    await expect(take(client.logs.stream(), 1)).resolves.toEqual([41]);
    expect(gateway.seen[1]?.headers['last-event-id']).toBe('40');
  });

  test('starts after the seq that the caller names and waits as the stream asks', async () => {
    const { gateway, client, pauses } = await setUp();
    gateway.on('GET /v1/logs/stream', streamOf('retry: 1234\n\n', 'close'), streamOf(event(10), 'stay'));
    await expect(take(client.logs.stream({}, { after: 9 }), 1)).resolves.toEqual([10]);
    expect(gateway.seen[0]?.headers['last-event-id']).toBe('9');
    expect(pauses).toEqual([1_234]);
  });

  test('goes on after a busy gateway and throws after too many failures in a row', async () => {
    const { gateway, client } = await setUp();
    gateway.on(
      'GET /v1/logs/stream',
      problem(503, 'shutting_down'),
      streamOf(event(1), 'close'),
      problem(503, 'shutting_down'),
    );
    const stream = client.logs.stream({}, { maxRetries: 2 });
    await expect(take(stream, 2)).rejects.toMatchObject({ status: 503 });
    expect(gateway.seen).toHaveLength(5);
  });

  test('throws at once when it is not allowed', async () => {
    const { gateway, client } = await setUp();
    gateway.on('GET /v1/logs/stream', problem(403, 'forbidden'));
    await expect(take(client.logs.stream(), 1)).rejects.toMatchObject({ code: 'forbidden' });
    expect(gateway.seen).toHaveLength(1);
  });

  test('ends without an error when the signal is aborted', async () => {
    const { gateway, client } = await setUp();
    gateway.on('GET /v1/logs/stream', streamOf(event(1), 'stay'));
    const stop = new AbortController();
    const seqs: number[] = [];
    for await (const entry of client.logs.stream({}, { signal: stop.signal })) {
      seqs.push(entry.seq);
      stop.abort();
    }
    expect(seqs).toEqual([1]);
  });

  test('closes its connection when the consumer leaves', async () => {
    const { gateway, client } = await setUp();
    const closed = new Promise<void>((resolve) => {
      gateway.on('GET /v1/logs/stream', (request, response) => {
        response.on('close', () => resolve());
        streamOf(event(1), 'stay')(request, response);
      });
    });
    await take(client.logs.stream(), 1);
    await closed;
  });
});

describe('the event parser', () => {
  const text =
    '\uFEFF: hi\r\nid: 1\revent: entry\ndata: a\r\ndata:b\r\n\r\ndata\n\nid: x\0y\ndata:  c\n\ndata: unfinished';
  const expected = [
    { id: '1', event: 'entry', data: 'a\nb' },
    { id: '1', event: 'message', data: '' },
    { id: '1', event: 'message', data: ' c' },
  ];

  test('reads every line ending, comments, several data lines and refuses an id with NUL', () => {
    expect(createEventParser().push(text)).toEqual(expected);
  });

  test('does not care how the text was cut', () => {
    for (let size = 1; size <= 7; size++) {
      const parser = createEventParser();
      const events = [];
      for (let at = 0; at < text.length; at += size) events.push(...parser.push(text.slice(at, at + size)));
      expect(events, `pieces of ${size}`).toEqual(expected);
    }
  });

  test('takes a CR that ends one piece and the LF that begins the next as one line ending, and only once', () => {
    const parser = createEventParser();
    const pieces = ['data: a\r', '\n', '\n', 'data: b\n\n'];
    expect(pieces.flatMap((piece) => parser.push(piece)).map((one) => one.data)).toEqual(['a', 'b']);
  });

  test('refuses an event without end', () => {
    const parser = createEventParser();
    expect(() => {
      for (let n = 0; n < 10; n++) parser.push(`data: ${'x'.repeat(1024 * 1024)}\n`);
    }).toThrow('too long');
  });
});
