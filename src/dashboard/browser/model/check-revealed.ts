import { isJsonObject, type JsonObject, parseStrict } from '../../../core/json.ts';
import { LIMITS } from '../../../core/limits.ts';
import type { ApprovalDetail, RevealedCall } from '../../../sdk/approval.ts';
import { commit, sha256Hex } from './verify-statement.ts';

const membersOf = (text: string): JsonObject => {
  const call = parseStrict(text, LIMITS.jsonDepth + 1);
  if (!isJsonObject(call)) throw new Error('What was revealed is no call.');
  return call;
};

/**
 * Checks that what was revealed is the very call that waits: that it is what the commitment stands for, by salt and
 * digest, and a call of the same tool or action. Throws an `Error` that says what differs; then it must not be shown.
 */
export async function checkRevealed(detail: ApprovalDetail, call: RevealedCall): Promise<void> {
  const [before, now] = [membersOf(detail.call), membersOf(call.text)];
  const differs = Object.keys(before).find(
    (member) => member !== 'arguments' && JSON.stringify(before[member]) !== JSON.stringify(now[member]),
  );
  if (differs !== undefined) throw new Error(`What was revealed is another call: its ${differs} differs.`);
  if ((await commit(call.salt, call.text)) !== detail.callCommit)
    throw new Error('What was revealed is not the call that was frozen: the commitment differs.');
  if (`sha256:${await sha256Hex(call.text)}` !== call.digest)
    throw new Error('What was revealed does not have the digest that the gateway gave.');
}
