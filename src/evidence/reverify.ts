import { CountersignError } from '../core/errors.ts';
import { type Entry, entryText } from '../ledger/entry.ts';
import { verifyInclusion } from '../ledger/proof.ts';
import { proveInclusion } from '../ledger/prove.ts';
import { leafHash } from '../ledger/tree.ts';
import type { Reader } from '../storage/database.ts';
import { applyEntry } from './apply.ts';
import type { Basis, OpenApproval } from './open-approval.ts';
import { readEntry } from './read-entry.ts';
import { beginningsOf, entriesOfApproval, entriesOfTypes, type StoredText } from './store.ts';
import { TRUST_TYPES } from './trust.ts';
import { emptyWorld, type World } from './world.ts';

function refuse(approvalId: string, why: string): never {
  throw new CountersignError(
    'forbidden',
    `The ledger does not show that ${approvalId} may be carried out: ${why}. Nothing was released.`,
  );
}

function read(stored: readonly StoredText[], approvalId: string): Entry[] {
  return stored.map(({ seq, text }) => {
    const entry = readEntry(text);
    if (typeof entry === 'string') return refuse(approvalId, `entry ${seq}: ${entry}`);
    return entry.seq === seq ? entry : refuse(approvalId, `entry ${seq} is stored in another place`);
  });
}

/** Whom a trust entry is about, beside its principal; `undefined` for the capability keys, which concern everyone. */
function aboutWhom({ type, body, ref }: Entry): string | undefined {
  if (type.startsWith('capability_key.')) return undefined;
  if (type.startsWith('service_account.')) return `service_account:${String(body.service_account)}`;
  if (type === 'key.created') return `api_key:${String(body.key)}`;
  return type === 'approver.invited' ? (ref.principal ?? '') : `person:${String(body.person)}`;
}

/**
 * The trust entries that the standing of these rests on, approvers as well as whoever asked: theirs, those of whoever
 * invited, removed or made them, and so on up to the first person of all.
 */
function trustOf(all: readonly Entry[], whose: Iterable<string>): Entry[] {
  const first = all.find((entry) => entry.type === 'approver.enrolled');
  const involved = new Set(whose);
  if (first !== undefined) involved.add(aboutWhom(first) ?? '');
  const needed = new Set<Entry>();
  const invites = new Map(
    all.filter((entry) => entry.type === 'approver.invited').map((entry) => [entry.body.invite, entry]),
  );
  for (let grown = true; grown; ) {
    grown = false;
    for (const entry of all) {
      const whom = aboutWhom(entry);
      const isInvite = entry.type === 'approver.invited';
      if (needed.has(entry) || isInvite || (whom !== undefined && !involved.has(whom))) continue;
      grown = true;
      needed.add(entry);
      const invite = entry.type === 'approver.enrolled' ? invites.get(entry.body.invite) : undefined;
      if (invite !== undefined) needed.add(invite);
      for (const by of [entry.ref.principal, invite?.ref.principal]) if (by !== undefined) involved.add(by);
    }
  }
  return all.filter((entry) => needed.has(entry));
}

function judge(world: World, entries: readonly Entry[], approvalId: string): OpenApproval {
  for (const entry of entries) {
    if (entry.log !== world.log) refuse(approvalId, `entry ${entry.seq} is of another log`);
    const refusal = applyEntry(world, entry);
    if (refusal !== undefined) refuse(approvalId, `entry ${entry.seq} (${entry.type}): ${refusal.reason}`);
  }
  return world.approvals.get(approvalId) ?? refuse(approvalId, 'it has ended, or was never requested');
}

/** How the session that asked began, and those that it was narrowed from. */
async function beginnings(database: Reader, own: readonly Entry[]): Promise<Entry[]> {
  const [requested] = own;
  if (requested?.ref.session === undefined) return [];
  const approvalId = requested.ref.approval ?? '';
  const last = read(await beginningsOf(database, [requested.ref.session]), approvalId);
  const ancestors = last.flatMap(({ body }) =>
    Array.isArray(body.ancestors) ? body.ancestors.map(String) : [],
  );
  return [...last, ...read(await beginningsOf(database, ancestors), approvalId)];
}

export interface Reverified {
  /** The sequence of the deciding `approval.decided`; of `approval.requested` where policy allowed it. */
  readonly index: number;
  /** The commitment of the call that was approved, hex. */
  readonly action: string;
  /** Those whose approvals count, `person:…` or `service_account:…`. */
  readonly approvers: readonly string[];
  readonly basis: Basis;
  /** For whom it was requested. */
  readonly subject: string;
  /** What approving it released, still unspent: to whom, on which terms, until when (epoch milliseconds). */
  readonly released: { readonly holder: string; readonly dpop: boolean; readonly expiresAt: number };
}

/** What the process itself knows of its ledger, whatever stands in the database. */
export interface Standing {
  /** The number of durable entries and the hex root of their tree. */
  readonly head: { readonly size: number; readonly root: string };
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The types that nobody signs, or whose signature does not say which id was given to what was made. */
const UNSIGNED: ReadonlySet<string> = new Set([
  'approval.requested',
  'approval.approved',
  'session.minted',
  'session.narrowed',
  'key.created',
  'service_account.created',
]);

/**
 * Why the entries that nobody signs are not those that this process wrote, or why they no longer count: the request with
 * its terms, the approval with its end, and what tells who made whoever asked.
 */
async function unsignedProblem(
  database: Reader,
  found: { entries: readonly Entry[]; approved: { expiresAt: number }; standing: Standing },
): Promise<string | undefined> {
  const { entries, approved, standing } = found;
  const { head, now } = standing;
  if (now >= approved.expiresAt) return 'what was released has run out';
  for (const entry of entries) {
    if (!UNSIGNED.has(entry.type)) continue;
    if (entry.seq >= head.size) return `entry ${entry.seq} was not written by this gateway`;
    const proof = await proveInclusion(database, { index: entry.seq, size: head.size });
    const claim = { index: entry.seq, size: head.size, leaf: leafHash(entryText(entry)), proof };
    if (!verifyInclusion({ ...claim, root: Buffer.from(head.root, 'hex') }))
      return `entry ${entry.seq} is not in the tree that this gateway wrote`;
  }
  return undefined;
}

/**
 * Finds in the ledger alone that an approval stands and was not used yet: every statement, signature, enrolment and count of it is checked
 * anew, by the rules that an auditor applies to an export (docs/ledger-format.md, rules 2 to 6). With `standing`, what
 * nobody signs must also be in the tree that the process wrote, and not have run out. Throws `forbidden` with the reason
 * when it does not.
 */
export async function reverifyApproval(
  database: Reader,
  input: { log: string; approvalId: string; standing?: Standing },
): Promise<Reverified> {
  const { log, approvalId } = input;
  const [stored, trusted] = await Promise.all([
    entriesOfApproval(database, approvalId),
    entriesOfTypes(database, TRUST_TYPES),
  ]);
  const own = read(stored, approvalId);
  const all = read(trusted, approvalId).sort((a, b) => a.seq - b.seq);
  // Whether the session is still alive is known to the gateway itself, and is asked for where the call is sent.
  const began = await beginnings(database, own);
  const taking = own.filter(({ type }) => type === 'approval.decided' || type === 'approval.requested');
  const trust = trustOf(
    all,
    [...taking, ...began].map((entry) => entry.ref.principal ?? ''),
  );
  const world = emptyWorld(log);
  const entries = [...trust, ...began, ...own].sort((a, b) => a.seq - b.seq);
  const { approved, capability, capabilityRevoked, decisions, request, state, subject } = judge(
    world,
    entries,
    approvalId,
  );
  if (approved === undefined) return refuse(approvalId, 'it is not approved');
  const { standing } = input;
  const problem = standing && (await unsignedProblem(database, { entries, approved, standing }));
  if (problem !== undefined) return refuse(approvalId, problem);
  if (state !== 'approved') return refuse(approvalId, 'it was carried out once already');
  if (capability === undefined || capabilityRevoked)
    return refuse(approvalId, 'nothing was released for it, or it was revoked');
  const counted = [...decisions].filter(
    ([, one]) => one.decision === 'approve' && one.breakGlass === (approved.basis === 'break_glass'),
  );
  return {
    index: approved.seq,
    action: request.action,
    approvers: approved.basis === 'policy' ? [] : counted.map(([approver]) => approver),
    basis: approved.basis,
    subject,
    released: capability,
  };
}
