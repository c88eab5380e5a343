import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import type { Connection } from '../../src/mcp/legacy-connection.ts';
import { talkOf } from '../../src/mcp/legacy-talk.ts';

test('a client that does not read is told no more of progress and logs, and is asked all the same', () => {
  const written: any[] = [];
  const response = Object.assign(new EventEmitter(), {
    writableLength: 0,
    write(text: string) {
      written.push(JSON.parse(text.slice(text.indexOf('{'))));
      response.writableLength += text.length;
    },
  });
  const questions = { ask: (request: object, { send }: any) => send(JSON.stringify(request)) };
  const { client, onProgress } = talkOf(
    { newId: () => 'ask_1', stopping: new AbortController().signal, track: () => undefined },
    {
      connection: {
        sessionId: 'ses_a',
        id: 'mcp_1',
        questions,
        clientCapabilities: {},
      } as unknown as Connection,
      response: response as unknown as ServerResponse,
      progressToken: 1,
    },
  );
  for (let step = 0; step < 100; step++) {
    client?.tell({ method: 'notifications/message', params: { level: 'info', data: 'x'.repeat(10_000) } });
    onProgress?.({ progress: step, message: 'x'.repeat(10_000) });
  }
  expect(written.length).toBeLessThan(10);
  expect(new Set(written.map(({ method }) => method)).size).toBe(2);
  void client?.ask({ method: 'roots/list', params: {} }, new AbortController().signal);
  expect(written.at(-1)).toMatchObject({ method: 'roots/list' });
  response.writableLength = 0;
  onProgress?.({ progress: 1_000 });
  expect(written.at(-1)).toMatchObject({ params: { progress: 1_000 } });
});
