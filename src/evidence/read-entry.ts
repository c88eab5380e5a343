import { canonicalize } from '../core/canonical.ts';
import { errorText } from '../core/errors.ts';
import { isJsonObject, type JsonObject, parseStrict } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { Entry } from '../ledger/entry.ts';
import { shapeProblem } from './members.ts';

const MEMBERS = 'body,log,ref,seq,ts,type,v';
const REF_MEMBERS: ReadonlySet<string> = new Set([
  'action',
  'approval',
  'call',
  'principal',
  'session',
  'subject',
]);

function problemOf(value: JsonObject): string | undefined {
  if (Object.keys(value).join() !== MEMBERS || value.v !== 1)
    return `it is not an entry of version 1 (members ${MEMBERS})`;
  const problem = shapeProblem(value, {
    body: 'object',
    log: 'text',
    ref: 'object',
    seq: 'count',
    ts: 'count',
    type: 'text',
  });
  if (problem !== undefined) return problem;
  for (const [member, target] of Object.entries(value.ref as JsonObject)) {
    if (!REF_MEMBERS.has(member) || typeof target !== 'string') return `its ref has no member ${member}`;
  }
  return undefined;
}

/**
 * Reads the text of an entry; what comes back as a text says what is wrong with it. Its type is not checked, so
 * `type` may be none of the known ones.
 */
export function readEntry(text: string): Entry | string {
  if (text.length >= LIMITS.ledgerEntryBytes / 4 && Buffer.byteLength(text) >= LIMITS.ledgerEntryBytes)
    return `its text is not under ${LIMITS.ledgerEntryBytes} bytes`;
  try {
    const value = parseStrict(text);
    if (!isJsonObject(value)) return 'its text is not a JSON object';
    if (canonicalize(value) !== text) return 'its text is not in canonical form (RFC 8785)';
    return problemOf(value) ?? (value as unknown as Entry);
  } catch (error) {
    return `its text is not JSON that a ledger holds (${errorText(error)})`;
  }
}
