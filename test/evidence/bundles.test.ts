import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { checkpointLine, endLine, headerLine, inclusionLine } from '../../src/evidence/export-lines.ts';
import { formatCheckpoint } from '../../src/ledger/checkpoint.ts';
import type { KeySigner, NoteSigner } from '../../src/ledger/note.ts';
import { inclusionProof, rangeHashOf } from '../../src/ledger/proof.ts';
import { leafHash } from '../../src/ledger/tree.ts';
import { verifyIndependently } from './independent/verify.ts';
import { approve, ask } from './support/approvals.ts';
import { founders, genesis, rotate } from './support/good-log.ts';
import { createScribe, LOG, logKey, type Scribe } from './support/scribe.ts';
import { verifyText } from './support/verify.ts';

const NEW_KEY = 9;

/** A bundle of all entries. `signer` signs its checkpoint, which stands after so many entries. */
function bundleOf(
  scribe: Scribe,
  how: { approval: string; signer: NoteSigner; vkey: string; checkpointAfter?: number },
): string {
  const entries = scribe.lines.filter((line) => line.startsWith('{"entry":'));
  const leaves = entries.map((line) => leafHash(line.slice('{"entry":'.length, -2)));
  const [size, root] = [scribe.size(), scribe.root()];
  const note = how.signer.sign(formatCheckpoint({ origin: LOG, size, root }));
  const lines = entries.map(
    (line, index) => line + inclusionLine(inclusionProof(rangeHashOf(leaves), { index, size })),
  );
  lines.splice(how.checkpointAfter ?? lines.length, 0, checkpointLine(note));
  const { approval, vkey } = how;
  const header = headerLine({ log: LOG, vkey, size, root, exportedAt: scribe.now, approval });
  return header + lines.join('') + endLine({ size, root });
}

/** An action that policy allows, in a log whose key was rotated. */
function rotatedLog(): Scribe {
  const scribe = createScribe();
  genesis(scribe);
  founders(scribe);
  rotate(scribe, NEW_KEY);
  const body: JsonObject = { effect: 'allow', quorum: 0 };
  approve(scribe, ask(scribe, { id: 'apr_1', body }), { basis: 'policy' });
  return scribe;
}

async function both(text: string, vkey: string): Promise<{ ours: string; theirs: boolean }> {
  const found = await verifyText(text, { vkey });
  return {
    ours: found.ok ? '' : found.finding.reason,
    theirs: verifyIndependently(text, vkey).ok,
  };
}

describe('a bundle', () => {
  const now: KeySigner = logKey(NEW_KEY);

  it('is good when the key in force has signed it and the request that it names is in it', async () => {
    const text = bundleOf(rotatedLog(), { approval: 'apr_1', signer: now, vkey: now.vkey });
    expect(await both(text, now.vkey)).toEqual({ ours: '', theirs: true });
  });

  it('is refused when a key that was replaced has signed it, wherever its checkpoint stands', async () => {
    const stolen = { approval: 'apr_1', signer: logKey(), vkey: now.vkey };
    expect(await both(bundleOf(rotatedLog(), stolen), now.vkey)).toEqual({
      ours: expect.stringContaining('the checkpoint is not valid'),
      theirs: false,
    });
    const early = bundleOf(rotatedLog(), { ...stolen, checkpointAfter: 1 });
    expect(await both(early, now.vkey)).toEqual({
      ours: 'it changes the key of a checkpoint that stands before it',
      theirs: false,
    });
  });

  it('is refused when it is about another approval than it says', async () => {
    const text = bundleOf(rotatedLog(), { approval: 'apr_2', signer: now, vkey: now.vkey });
    expect(await both(text, now.vkey)).toEqual({
      ours: 'it is said to be about apr_2, and does not hold its request',
      theirs: false,
    });
  });
});
