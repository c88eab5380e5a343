import { canonicalize } from '../../../core/canonical.ts';
import type { JsonObject } from '../../../core/json.ts';
import type { Statement } from '../../../sdk/statement.ts';
import { checkedChallenge, readStatement } from './verify-statement.ts';

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
  return checkedChallenge(given, { said, expected, now: shown.now });
}
