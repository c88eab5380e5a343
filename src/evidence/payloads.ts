import { commitment, sha256Hex } from '../core/digest.ts';
import type { Entry } from '../ledger/entry.ts';
import { tokenProblem } from './tokens.ts';
import type { World } from './world.ts';

/** Which members of which entries commit to a text that may be disclosed beside them. */
const COMMITTED: Readonly<Record<string, readonly string[]>> = {
  'call.intent': ['arguments'],
  'approval.requested': ['action', 'view'],
  'approval.outcome': ['result'],
  'capability.exchanged': ['token'],
};

/** A disclosed text: `of` names the member of the entry before it that commits to it; `salt` is hex. */
export interface Payload {
  readonly id: string;
  readonly of: string;
  readonly salt: string;
  readonly text: string;
}

/** The members of an entry that commit to a text. */
export function commitmentsOf(entry: Entry): readonly string[] {
  const members = COMMITTED[entry.type] ?? [];
  return members.filter((member) => typeof entry.body[member] === 'string');
}

/** The id under which the text of a member is kept, and erased. */
export function payloadId(entry: Entry, of: string): string {
  if (of === 'token') return String(entry.body.capability);
  return entry.ref.approval ?? entry.ref.call ?? '';
}

/** Why a disclosed text is not the one that the entry before it commits to, or undefined. */
export function payloadProblem(
  world: World,
  entry: Entry,
  payload: Payload,
): { rule: number; reason: string } | undefined {
  const { id, of, salt, text } = payload;
  if (!commitmentsOf(entry).includes(of)) return { rule: 10, reason: `it commits to no ${of}` };
  if (id !== payloadId(entry, of))
    return { rule: 10, reason: `what is disclosed as its ${of} has another id` };
  if (commitment(Buffer.from(salt, 'hex'), text) !== entry.body[of])
    return { rule: 10, reason: `what is disclosed as its ${of} is not what it commits to` };
  world.tally.payloads++;
  const approval = world.approvals.get(entry.ref.approval ?? '');
  if (approval === undefined) return undefined;
  if (of === 'action') approval.callSha256 = sha256Hex(text);
  if (of !== 'token') return undefined;
  const reason = tokenProblem(world, { id: entry.ref.approval ?? '', approval, token: text });
  return reason === undefined ? undefined : { rule: 8, reason };
}
