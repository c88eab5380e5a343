import type { Countersign } from '../../sdk/countersign.ts';
import { bytesOfBase64 } from './model/bytes.ts';
import { type KeyBody, keyInForce, openCheckpoint, type SignedHead } from './model/log-key.ts';
import { type Memory, readMemory, writeMemory } from './model/log-memory.ts';
import { verifyGrowth } from './model/verify-log.ts';

const MEMORY = 'countersign.log';

/** What the ledger itself says of its keys, from its first entry on. */
export async function findKeyBodies({ logs }: Countersign): Promise<readonly KeyBody[]> {
  const bodies: KeyBody[] = (await logs.query({ type: 'ledger.genesis', order: 'asc', limit: 1 })).data.map(
    ({ body }) => body,
  );
  for await (const { body } of logs.query({ type: 'ledger.key_rotated', order: 'asc' })) bodies.push(body);
  return bodies;
}

/** A head that was checked here, and what this browser had seen of the same log before. */
export interface CheckedHead {
  readonly head: SignedHead;
  readonly before: Memory | undefined;
}

/** Lets this browser begin anew, with whatever the gateway shows next. */
export function forgetLog(): void {
  localStorage.removeItem(MEMORY);
}

/**
 * Fetches the newest signed head, checks its signature in this page, and that it continues what this browser saw last.
 * Remembers it. Throws an `Error` that says what does not fit.
 */
export async function checkHead(client: Countersign, now: number): Promise<CheckedHead> {
  const [bodies, note] = await Promise.all([findKeyBodies(client), client.logs.checkpoint()]);
  const first = String(bodies[0]?.vkey);
  const head = await openCheckpoint(note, await keyInForce(bodies));
  const before = readMemory(localStorage.getItem(MEMORY));
  if (before !== undefined) await checkGrowth(client, { before, head, first });
  const at = new Date(now).toISOString();
  localStorage.setItem(MEMORY, writeMemory({ key: first, size: head.size, root: head.root, at }));
  return { head, before };
}

async function checkGrowth(
  { ledger }: Countersign,
  seen: { before: Memory; head: SignedHead; first: string },
): Promise<void> {
  const { before, head, first } = seen;
  if (before.key !== first)
    throw new Error(
      'This is another log than the one that this browser has seen: it began with another key.',
    );
  if (head.size < before.size)
    throw new Error(`The log holds ${head.size} entries; this browser has seen ${before.size}.`);
  const older = { size: before.size, root: bytesOfBase64(before.root) };
  const proof =
    before.size === head.size
      ? { first: before.size, size: head.size, proof: [], checkpoint: null }
      : await ledger.consistency({ first: before.size, size: head.size });
  await verifyGrowth(proof, { older, newer: head });
}
