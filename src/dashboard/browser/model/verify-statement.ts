import { canonicalize } from '../../../core/canonical.ts';
import { isJsonObject, type JsonObject, parseStrict } from '../../../core/json.ts';
import type { ApprovalDetail } from '../../../sdk/approval.ts';
import { challengeOf, type Statement, toBase64Url } from '../../../sdk/statement.ts';
import type { Decision } from '../../../sdk/terms.ts';
import { hiddenCount } from './hidden.ts';
import { readCall } from './tree.ts';

const COMMIT_PREFIX = 'countersign/commit/v1\n';
const encoder = new TextEncoder();

function hexOf(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function bytesOfHex(hex: string | null): Uint8Array<ArrayBuffer> {
  if (hex === null) throw new Error('Values of this call are hidden from you.');
  if (!/^(?:[0-9a-f]{2}){16,64}$/.test(hex)) throw new Error('A salt is not hex.');
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** SHA-256 of the UTF-8 text, lower-case hex. */
export async function sha256Hex(text: string): Promise<string> {
  return hexOf(await crypto.subtle.digest('SHA-256', encoder.encode(text)));
}

/** HMAC-SHA256(salt, "countersign/commit/v1\n" ‖ text), lower-case hex. */
export async function commit(saltHex: string | null, text: string): Promise<string> {
  const hash = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', bytesOfHex(saltHex), hash, false, ['sign']);
  return hexOf(await crypto.subtle.sign('HMAC', key, encoder.encode(COMMIT_PREFIX + text)));
}

/** What is on the screen, and what the person has just chosen. */
export interface Shown {
  readonly detail: ApprovalDetail;
  /** The texts as they were rendered, not as the gateway sent them. */
  readonly call: string;
  readonly view: string;
  readonly decision: Decision;
  readonly reason: string | undefined;
  /** Whether the person has chosen to break the glass. */
  readonly breakGlass?: boolean;
  readonly personId: string;
  readonly hostname: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Reads a statement of any type. Throws an `Error` unless it is canonical. */
export function readStatement(text: string): JsonObject {
  const value = parseStrict(text);
  if (!isJsonObject(value) || canonicalize(value) !== text)
    throw new Error('The statement is not canonical JSON.');
  return value;
}

/**
 * Checks that the statement says exactly what is on the screen, and gives the challenge computed here. Throws an
 * `Error` that names the first difference; then nothing must be signed.
 */
export async function verifyStatement(given: Statement, shown: Shown): Promise<string> {
  const { detail } = shown;
  const said = readStatement(given.statement);
  const call = readCall(shown.call);
  const scope = isJsonObject(said.scope) ? said.scope : {};
  // To deny, nobody has to see what policy hides; the commitment then stands for the call as a whole.
  const unseen = shown.decision === 'deny' && hiddenCount(detail) > 0;
  const expected: Readonly<Record<string, readonly [unknown, unknown]>> = {
    'its type': [said.typ, 'approval-statement/v1'],
    'the log': [said.log, detail.log],
    'the approval': [said.approval, detail.id],
    'the installation': [said.instance, detail.instance],
    'the decision': [said.decision, shown.decision],
    'the reason': [said.reason, shown.reason],
    'breaking the glass': [said.break_glass, shown.breakGlass === true ? true : undefined],
    'the call': [said.action, unseen ? detail.callCommit : await commit(detail.callSalt, shown.call)],
    'the view': [said.view, await commit(detail.viewSalt, shown.view)],
    'the tool definition': [said.tool_def, detail.toolHash],
    'the policy': [said.policy, detail.policyVersion],
    'the approver': [said.approver, `person:${shown.personId}`],
    'the server or resource': [scope.aud, call.aud],
    'the number of uses': [scope.uses, 1],
    'the server or resource on the page': [detail.action?.resource ?? detail.server, call.aud],
    'the tool or action on the page': [detail.tool, call.tool],
    'the actor on the page': [detail.action?.actor, call.action?.actor],
    'the actor': [call.action === undefined ? undefined : detail.subject, call.action?.actor],
    'the digest on the page': [detail.callDigest, unseen ? null : `sha256:${await sha256Hex(shown.call)}`],
    'the site': [given.rpId, shown.hostname],
  };
  return checkedChallenge(given, { said, expected, now: shown.now });
}

/**
 * The challenge of a statement, computed here, once what it says is what was expected (each pair: what it says, what is
 * shown), it has not expired at `now` (epoch milliseconds), and the gateway sent that very challenge. Throws an `Error`
 * that names the first difference; then nothing must be signed.
 */
export async function checkedChallenge(
  given: Statement,
  checked: {
    said: JsonObject;
    expected: Readonly<Record<string, readonly [unknown, unknown]>>;
    now: number;
  },
): Promise<string> {
  const { said, expected, now } = checked;
  for (const [what, [found, wanted]] of Object.entries(expected)) {
    if (found !== wanted) throw new Error(`The statement and this page differ in ${what}.`);
  }
  if (typeof said.exp !== 'number' || said.exp * 1000 <= now) throw new Error('The statement has expired.');
  if (typeof said.nonce !== 'string' || !/^[\w-]{43}$/.test(said.nonce))
    throw new Error('The statement has no nonce.');
  const challenge = toBase64Url(await challengeOf(given.statement));
  if (challenge !== given.challenge) throw new Error('The challenge is not the digest of the statement.');
  return challenge;
}
