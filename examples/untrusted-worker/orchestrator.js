/**
 * Hands a piece of work to a program that is not trusted, with a session that can do this work and nothing else.
 *
 *     node orchestrator.js TOOLS CALLS
 *
 * COUNTERSIGN_URL and COUNTERSIGN_API_KEY (roles minter and reader) stay here: the worker gets neither.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Countersign } from 'countersign';

const { COUNTERSIGN_URL, COUNTERSIGN_API_KEY, PATH } = process.env;
const [tools = 'sandbox/*_list', calls = '5'] = process.argv.slice(2);

const user = new Countersign({ baseUrl: COUNTERSIGN_URL, apiKey: COUNTERSIGN_API_KEY }).forUser('month-end');
const session = await user.session({
  ttlMs: 5 * 60_000,
  tools: tools.split(','),
  callCap: Number(calls),
  labels: { worker: 'untrusted' },
});
try {
  const worker = fileURLToPath(new URL('./worker.js', import.meta.url));
  // An environment of its own: what the worker could leak is a session that ends with it.
  const env = { PATH, MCP_URL: session.mcp.url, MCP_AUTHORIZATION: session.mcp.headers.Authorization };
  const child = spawn(process.execPath, [worker], { env, stdio: ['ignore', 'inherit', 'inherit'] });
  [process.exitCode] = await once(child, 'close');
} finally {
  await user.sessions.revoke(session.id, { reason: 'the worker has ended' });
}
