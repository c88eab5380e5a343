import { createServer } from 'node:http';
import { answerOf } from './echo.ts';

/** The downstream over HTTP, by hand on node:http. Prints `{"port"}` when it listens. `EXTRA_TOOLS` lengthens the list. */
const extra = Number(process.env.EXTRA_TOOLS ?? 0);

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  if (request.method !== 'POST') {
    response.writeHead(405).end();
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = answerOf(Buffer.concat(chunks).toString(), extra);
    if (body === undefined) {
      response.writeHead(202).end();
      return;
    }
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
      .end(body);
  });
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(JSON.stringify({ port: typeof address === 'object' ? address?.port : undefined }));
});
