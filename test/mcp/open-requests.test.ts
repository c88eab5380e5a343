import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { createOpenRequests } from '../../src/mcp/open-requests.ts';

const SESSION = 'ses_1';

function openResponse(): ServerResponse {
  const socket = new Socket();
  const response = new ServerResponse(new IncomingMessage(socket));
  response.assignSocket(socket);
  return response;
}

async function close(response: ServerResponse): Promise<void> {
  const closed = once(response, 'close');
  response.destroy();
  await closed;
}

test('a stream that closes before it is counted holds no place of the session', async () => {
  const open = createOpenRequests();
  const call = open.enter(SESSION, openResponse());
  for (let round = 0; round < LIMITS.streamsPerSession; round += 1) {
    const [early, late] = [openResponse(), openResponse()];
    await close(early);
    const slots = [open.enter(SESSION, early), open.enter(SESSION, late)];
    await close(late);
    for (const gone of [early, late]) expect(open.stream(SESSION, gone)).toBe(false);
    for (const slot of slots) slot?.served();
  }
  const there = openResponse();
  open.enter(SESSION, there);
  expect(open.stream(SESSION, there)).toBe(true);
  call?.served();
});
