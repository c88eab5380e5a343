import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import Database from 'libsql';
import { request } from 'undici';
import { approvalOf, enrolApprover } from './approver.ts';
import { openHttpCaller } from './caller.ts';
import { answerOf } from './echo.ts';
import type { Figure } from './extras.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { quantile } from './measure.ts';
import { residentMb } from './process-tree.ts';
import { stop } from './spawned.ts';

const PENDING = 100_000;
const SESSIONS = 1_000;
const DECISIONS = 40;
/** Of finding a page of pending calls and deciding one; the first only warm the process. */
const ROUNDS = 900;
const WARMING = 400;

export async function heldIds(gateway: Gateway, count: number): Promise<string[]> {
  const { url, headers } = await gateway.mint();
  const caller = await openHttpCaller(url, headers);
  const ids: string[] = [];
  for (let index = 0; index < count; index++) {
    const text = `held ${index}`;
    ids.push(approvalOf(await caller.call('tools/call', { name: 'echo_held', arguments: { text } })));
  }
  caller.park();
  return ids;
}

/** From the posting of a signed approval until the downstream, which runs in this process, has the call. */
export async function measureApproval(folder: string): Promise<Figure[]> {
  const arrival: { seen: () => void } = { seen: () => undefined };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      if (text.includes('"tools/call"')) arrival.seen();
      const body = request.method === 'POST' ? answerOf(text, 0) : undefined;
      const status = request.method === 'POST' ? (body === undefined ? 202 : 200) : 405;
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const gateway = await startGateway(folder, { bench: { url: `http://127.0.0.1:${port}/mcp` } });
  try {
    const approver = await enrolApprover(gateway);
    const tookMs: number[] = [];
    for (const id of await heldIds(gateway, DECISIONS)) {
      const signed = await approver.sign(id);
      const reached = new Promise<void>((resolve) => {
        arrival.seen = resolve;
      });
      const began = performance.now();
      const decided = approver.post(signed.path, signed.body);
      await reached;
      tookMs.push(performance.now() - began);
      await decided;
    }
    return [
      {
        what: 'approve → downstream reached, p50',
        value: quantile(tookMs.slice(5), 0.5),
        unit: 'ms',
        must: 20,
      },
    ];
  } finally {
    await stop(gateway.child);
    server.closeAllConnections();
    server.close();
  }
}

/** Repeats one pending approval `count` times, with columns as SQL of `n`, straight in the database of a gateway that does not run. */
export function multiplyPending(
  file: string,
  { count, changes }: { count: number; changes: Readonly<Record<string, string>> },
): void {
  const database = new Database(file);
  const columns = (database.prepare('PRAGMA table_info(approval)').all() as { name: string }[]).map(
    ({ name }) => name,
  );
  const changed: Readonly<Record<string, string>> = {
    id: "printf('apr_%022d', n)",
    dedupe_key: "dedupe_key || '-' || n",
    requested_at: 'requested_at + n',
    ...changes,
  };
  const values = columns.map((column) => changed[column] ?? column).join(', ');
  database.exec(
    `WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < ${count})
     INSERT INTO approval (${columns.join(', ')})
     SELECT ${values} FROM count, (SELECT * FROM approval LIMIT 1)`,
  );
  database.close();
}

/** With 100,000 approvals pending: a filtered page, and decisions one after the other. */
export async function measurePending(
  folder: string,
  servers: Readonly<Record<string, unknown>>,
): Promise<Figure[]> {
  const first = await startGateway(folder, servers);
  await heldIds(first, 1);
  const approver = await enrolApprover(first);
  await stop(first.child);
  multiplyPending(join(folder, 'data', 'countersign.db'), {
    count: PENDING,
    changes: { tool: "'other_' || (n % 1000)" },
  });
  const { child, origin, apiKey } = await startGateway(folder, servers, first);
  const pageMs: number[] = [];
  const decideMs: number[] = [];
  try {
    for (let index = 0; index < ROUNDS; index++) {
      const url = new URL(`/v1/approvals?state=pending&limit=50&tool=other_${index}`, origin);
      const began = performance.now();
      const { body } = await request(url, { headers: { authorization: `Bearer ${apiKey}` } });
      const text = await body.text();
      if (index >= WARMING) pageMs.push(performance.now() - began);
      const id = approvalOf(text);
      const signed = await approver.sign(id);
      const posted = performance.now();
      await approver.post(signed.path, signed.body);
      if (index >= WARMING) decideMs.push(performance.now() - posted);
    }
    return [
      { what: '100,000 pending: filtered page, p99', value: quantile(pageMs, 0.99), unit: 'ms', must: 5 },
      { what: '100,000 pending: decide, p99', value: quantile(decideMs, 0.99), unit: 'ms', must: 5 },
    ];
  } finally {
    await stop(child);
  }
}

function openStream(url: string, headers: Readonly<Record<string, string>>): Promise<Socket> {
  const { hostname, port, pathname, host } = new URL(url);
  const lines = Object.entries({ host, accept: 'text/event-stream', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      socket.write(`GET ${pathname} HTTP/1.1\r\n${lines.join('')}\r\n`);
    });
    socket.once('error', reject);
    socket.once('data', (chunk) => {
      if (chunk.toString().startsWith('HTTP/1.1 200')) resolve(socket);
      else reject(new Error(`${url} answered ${chunk.toString().slice(0, 200)}`));
    });
  });
}

/** 1,000 sessions, each with an MCP session and a stream of its own that stays open. */
export async function measureSessions(
  folder: string,
  servers: Readonly<Record<string, unknown>>,
): Promise<Figure[]> {
  const gateway = await startGateway(folder, servers);
  const pids = gateway.child.pid === undefined ? [] : [gateway.child.pid];
  const sockets: Socket[] = [];
  const open = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) {
      const { url, headers } = await gateway.mint();
      const caller = await openHttpCaller(url, headers);
      caller.park();
      sockets.push(await openStream(url, caller.headers));
    }
  };
  try {
    await open(100);
    const before = residentMb(pids);
    await open(SESSIONS - 100);
    const perSessionKb = ((residentMb(pids) - before) * 1024) / (SESSIONS - 100);
    return [
      {
        what: '1,000 sessions with a stream each, memory per session',
        value: perSessionKb,
        unit: 'KB',
        must: 60,
      },
    ];
  } finally {
    for (const socket of sockets) socket.destroy();
    await stop(gateway.child);
  }
}
