import { setImmediate as nextTurn } from 'node:timers/promises';
import { CountersignError } from '../core/errors.ts';
import type { Reader } from '../storage/database.ts';
import { auditCheckpoint, auditKey, auditRow, extendTree, type Problem, rootHex } from './audit.ts';
import { type KeyChain, keyOfSize, type LogKey } from './key-chain.ts';
import { parseVkey } from './note.ts';
import {
  latestCheckpoint,
  readAuditRows,
  readCheckpoints,
  readNodes,
  readSize,
  type StoredCheckpoint,
} from './store.ts';
import { emptyFrontier, type TileNode } from './tree.ts';

const PAGE = 500;

export interface Verification {
  readonly ok: boolean;
  /** How many entries were read. */
  readonly size: number;
  /** Hex root over those; it proves something only when `ok`. */
  readonly root: string;
  /**
   * The newest checkpoint that was found good and that the given key, or one that it has handed over to, has signed:
   * the entries below its size are signed for.
   */
  readonly checkpoint?: { readonly size: number; readonly note: string };
  /** The first bad entry and why. */
  readonly problem?: Problem;
}

async function* checkpoints(database: Reader): AsyncGenerator<StoredCheckpoint, void> {
  for (let from = 0; ; ) {
    const page = await readCheckpoints(database, { from, limit: PAGE });
    yield* page;
    const last = page[page.length - 1];
    if (last === undefined || page.length < PAGE) return;
    from = last.size + 1;
  }
}

async function nodeProblem(database: Reader, node: TileNode): Promise<string | undefined> {
  const [stored] = await readNodes(database, { level: node.level, from: node.index, to: node.index + 1 });
  if (stored === Buffer.from(node.hash).toString('hex')) return undefined;
  const name = `tree node ${node.index} of level ${node.level}`;
  return stored === undefined ? `${name} is missing` : `${name} is not the hash of the entries below it`;
}

/**
 * Checks everything stored up to the size found at the start: each text against its leaf, columns, place and time;
 * each stored tree node; each rotation of the log's key; each checkpoint's signature, by the key that was in force at
 * its size, and root. Stops at the first problem. When a text was rewritten
 * together with its leaf, the problem names the first entry that the failing node or checkpoint covers and the last
 * good checkpoint does not. Reads pages and yields between them, so that a running gateway goes on.
 * `vkey` is any key that the log has had. It must come from outside the database, or whoever rewrote the ledger could
 * have signed it too.
 */
export async function verifyLedger(database: Reader, { vkey }: { vkey: string }): Promise<Verification> {
  const verifier = parseVkey(vkey);
  if (verifier === undefined) {
    throw new CountersignError('invalid_request', 'vkey: expected "<name>+<key id>+<base64 key>"', {
      fields: [{ field: 'vkey', expected: '<name>+<key id>+<base64 key>' }],
    });
  }
  const newest = await latestCheckpoint(database);
  const size = await readSize(database);
  const anchor = { vkey, verifier, fromSeq: 0 };
  return verifyUpTo(database, { anchor, size, newestSize: newest?.size ?? 0 });
}

async function verifyUpTo(
  database: Reader,
  { anchor, size, newestSize }: { anchor: LogKey; size: number; newestSize: number },
): Promise<Verification> {
  const frontier = emptyFrontier();
  const signed = checkpoints(database);
  let next = (await signed.next()).value;
  let good: StoredCheckpoint | undefined;
  /** The newest that the anchor vouches for. */
  let trusted: StoredCheckpoint | undefined;
  let chain: KeyChain = [];
  let lastTs = 0;

  function result(problem?: Problem): Verification {
    const base = { ok: problem === undefined, size: frontier.size, root: rootHex(frontier) };
    const checkpoint =
      trusted === undefined ? {} : { checkpoint: { size: trusted.size, note: trusted.note } };
    return { ...base, ...checkpoint, ...(problem === undefined ? {} : { problem }) };
  }

  /** Compares the checkpoints of exactly this size; a bad one puts the entries since the last good one in doubt. */
  async function checkSigned(): Promise<Problem | undefined> {
    while (next && next.size <= frontier.size) {
      const seq = good?.size ?? 0;
      const { verifier } = keyOfSize(chain, next.size) ?? anchor;
      const reason = auditCheckpoint(next, verifier);
      if (reason !== undefined) return { seq, reason };
      if (next.root !== rootHex(frontier)) {
        return {
          seq,
          reason: `entries ${seq} to ${next.size - 1} are not those that were signed with size ${next.size}`,
        };
      }
      good = next;
      // Keys before the anchor prove nothing by themselves: anybody can make one that hands over to a known key.
      if (chain.length === 0 || chain.some((key) => key.vkey === anchor.vkey)) trusted = good;
      next = (await signed.next()).value;
    }
    return undefined;
  }

  let problem = await checkSigned();
  while (problem === undefined && frontier.size < size) {
    const page = await readAuditRows(database, { from: frontier.size, to: size, limit: PAGE });
    if (page.length === 0) return result({ seq: frontier.size, reason: `entry ${frontier.size} is missing` });
    for (const row of page) {
      problem = auditRow(row, { seq: frontier.size, ts: lastTs, log: anchor.verifier.name });
      if (problem !== undefined) return result(problem);
      const keys = auditKey(row, chain);
      if ('reason' in keys) return result(keys);
      chain = keys;
      lastTs = row.ts;
      for (const node of extendTree(frontier, row)) {
        const reason = await nodeProblem(database, node);
        if (reason === undefined) continue;
        const from = node.index * 256 ** node.level;
        return result({ seq: Math.max(from, good?.size ?? 0), reason });
      }
      problem = await checkSigned();
      if (problem !== undefined) return result(problem);
    }
    await nextTurn();
  }
  if (problem === undefined && newestSize > size) {
    problem = {
      seq: size,
      reason: `entry ${size} and what followed are missing; ${newestSize} entries were signed`,
    };
  }
  if (problem === undefined && chain.length > 0 && trusted === undefined) {
    problem = { seq: 0, reason: `no checkpoint was signed by ${anchor.vkey} or a key that follows it` };
  }
  return result(problem);
}
