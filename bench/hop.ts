import { createServer } from 'node:http';
import { Pool } from 'undici';

/** The floor of a proxy: bytes in, bytes out, nothing read. Prints `{"port"}`. `TARGET` is the downstream's origin. */
const pool = new Pool(process.env.TARGET ?? '', { connections: 128, pipelining: 1 });

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    const answer = await pool.request({
      method: request.method === 'POST' ? 'POST' : 'GET',
      path: request.url ?? '/',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: Buffer.concat(chunks),
    });
    const body = Buffer.from(await answer.body.arrayBuffer());
    response
      .writeHead(answer.statusCode, { 'content-type': 'application/json', 'content-length': body.length })
      .end(body);
  });
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(JSON.stringify({ port: typeof address === 'object' ? address?.port : undefined }));
});
