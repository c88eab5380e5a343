import { canonicalize } from '../../../core/canonical.ts';
import type { Batch } from '../../../sdk/batches.ts';
import { challengeOf, toBase64Url } from '../../../sdk/statement.ts';
import { type Shown, verifyStatement } from './verify-statement.ts';

const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * Checks that each statement says exactly what is on the screen of its call, that the batch lists these and nothing else,
 * and gives the challenge computed here. Throws an `Error` that names the first difference; then nothing must be signed.
 */
export async function verifyBatch(given: Batch, shown: readonly Shown[]): Promise<string> {
  if (given.statements.length !== shown.length)
    throw new Error('The batch is of another number of calls than are shown.');
  const digests: string[] = [];
  for (const [index, one] of given.statements.entries()) {
    const screen = shown[index];
    if (screen === undefined || screen.detail.id !== one.approval)
      throw new Error('The batch is of other calls than are shown.');
    const digest = await challengeOf(one.statement);
    await verifyStatement({ ...given, ...one, challenge: toBase64Url(digest) }, screen);
    digests.push(hexOf(digest));
  }
  const [first] = shown;
  if (first === undefined) throw new Error('The batch is empty.');
  const expected = canonicalize({
    typ: 'batch-statement/v1',
    log: first.detail.log,
    approver: `person:${first.personId}`,
    statements: digests,
  });
  if (given.batch !== expected) throw new Error('The batch and this page differ in what it lists.');
  const challenge = toBase64Url(await challengeOf(given.batch));
  if (challenge !== given.challenge) throw new Error('The challenge is not the digest of the batch.');
  return challenge;
}
