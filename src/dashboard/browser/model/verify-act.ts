import { canonicalize } from '../../../core/canonical.ts';
import type { JsonObject } from '../../../core/json.ts';
import { challengeOf, type Statement, toBase64Url } from '../../../sdk/statement.ts';
import { readStatement } from './verify-statement.ts';

/** What is on the screen for a person to sign. */
export interface ShownAct {
  readonly act: string;
  readonly params: JsonObject;
  readonly personId: string;
  readonly hostname: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The params that a statement names, before they have been compared with anything. */
export function paramsOf(given: Statement): JsonObject {
  const { params } = readStatement(given.statement);
  return params as JsonObject;
}

/**
 * Checks that the statement says exactly what is on the screen, and gives the challenge computed here. Throws an
 * `Error` that names the first difference; then nothing must be signed.
 */
export async function verifyAct(given: Statement, shown: ShownAct): Promise<string> {
  const said = readStatement(given.statement);
  const expected: Readonly<Record<string, readonly [unknown, unknown]>> = {
    'its type': [said.typ, 'act-statement/v1'],
    'what is done': [said.act, shown.act],
    'its details': [canonicalize(said.params ?? null), canonicalize(shown.params)],
    'who signs': [said.by, `person:${shown.personId}`],
    'the site': [given.rpId, shown.hostname],
  };
  for (const [what, [found, wanted]] of Object.entries(expected)) {
    if (found !== wanted) throw new Error(`The statement and this page differ in ${what}.`);
  }
  if (typeof said.exp !== 'number' || said.exp * 1000 <= shown.now)
    throw new Error('The statement has expired.');
  if (typeof said.nonce !== 'string' || !/^[\w-]{43}$/.test(said.nonce))
    throw new Error('The statement has no nonce.');
  const challenge = toBase64Url(await challengeOf(given.statement));
  if (challenge !== given.challenge) throw new Error('The challenge is not the digest of the statement.');
  return challenge;
}
