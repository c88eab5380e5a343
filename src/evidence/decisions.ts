import { batchProblem } from '../approvals/batch-statement.ts';
import { statementChallenge } from '../core/digest.ts';
import type { JsonObject } from '../core/json.ts';
import type { Entry } from '../ledger/entry.ts';
import { type Party, readProof, verifyProof } from '../principals/proof/assertion.ts';
import { shapeProblem, textOf } from './members.ts';
import type { OpenApproval, Request } from './open-approval.ts';
import { readStatement, statementProblem, useOnce } from './statements.ts';
import { type KnownPasskey, type KnownPerson, type Rule, SLACK_MS, type World } from './world.ts';

/** The group of those who may decide when nobody else can. */
const BREAK_GLASS = 'break-glass';

/** An approver as enrolled at this point, with the credential that their proof names. */
interface Approver {
  readonly ref: string;
  readonly person: KnownPerson | undefined;
  readonly passkey: KnownPasskey | undefined;
  readonly groups: readonly string[];
  readonly party: Party;
}

function findApprover(world: World, ref: string, proof: JsonObject): Approver | string {
  const account = world.accounts.get(ref);
  if (account !== undefined) {
    const party: Party = { kind: 'service_account', id: account.id, publicKey: account.publicKey };
    return { ref, person: undefined, passkey: undefined, groups: account.groups, party };
  }
  const person = world.people.get(ref);
  if (person === undefined) return `${ref || 'the approver'} is not enrolled at this point`;
  const passkey = person.passkeys.get(String(proof.credential_id));
  if (passkey === undefined) return `the proof names no passkey of ${person.name}`;
  return { ref, person, passkey, groups: person.groups, party: { kind: 'passkey', ...passkey } };
}

/** The statement that an approver must have signed for this entry; its own nonce, exp and reason are taken from it. */
function expectedStatement(
  world: World,
  found: { approval: OpenApproval; entry: Entry; statement: JsonObject },
): JsonObject {
  const { approval, entry, statement } = found;
  const { request } = approval;
  const breakGlass = entry.body.break_glass === true;
  const signedTtl = (statement.scope as JsonObject | undefined)?.ttl;
  const shorter =
    breakGlass && typeof signedTtl === 'number' && signedTtl >= 1 && signedTtl < request.ttlSeconds;
  return {
    typ: 'approval-statement/v1',
    log: world.log,
    approval: entry.ref.approval ?? '',
    instance: request.instance,
    decision: entry.body.decision ?? null,
    ...(statement.reason === undefined ? {} : { reason: statement.reason }),
    ...(breakGlass ? { break_glass: true } : {}),
    action: request.action,
    view: request.view,
    tool_def: request.toolDef,
    policy: request.policy,
    approver: entry.ref.principal ?? '',
    scope: { aud: request.aud, uses: 1, ttl: shorter ? signedTtl : request.ttlSeconds },
    nonce: statement.nonce ?? null,
    exp: statement.exp ?? null,
  };
}

/** The groups that may decide at `now`; escalations have widened them by then. Empty: anyone. */
function groupsAt(approval: OpenApproval, now: number): ReadonlySet<string> {
  const { groups, escalations } = approval.request;
  const due = escalations.filter((step) => now + SLACK_MS >= approval.requestedAt + step.afterMs);
  return groups.length === 0 ? new Set() : new Set([...groups, ...due.flatMap((step) => step.groups)]);
}

function ownRequestProblem(approval: OpenApproval, approver: Approver): string | undefined {
  if (approver.ref === approval.requester) return 'it is the requester who decides';
  const subject = approver.person?.subject;
  const names = [
    approver.ref,
    approver.ref.slice(approver.ref.indexOf(':') + 1),
    ...(subject === undefined ? [] : [subject, `user:${subject}`]),
  ];
  if (names.includes(approval.subject)) return 'it is the person for whom it was requested who decides';
  if (approval.maker === undefined) return `the log does not tell who made ${approval.requester}`;
  return approval.maker === approver.ref ? `${approver.ref}, who decides, made what asked for it` : undefined;
}

function entitlementProblem(
  approval: OpenApproval,
  found: { approver: Approver; entry: Entry; statement: JsonObject },
): string | undefined {
  const { approver, entry, statement } = found;
  const { request } = approval;
  const breakGlass = entry.body.break_glass === true;
  if (approver.person === undefined && request.approver !== 'automation')
    return 'a service account decided what only people may decide';
  if (request.excludeRequester || breakGlass) {
    const reason = ownRequestProblem(approval, approver);
    if (reason !== undefined) return reason;
  }
  if (breakGlass) {
    if (approver.person === undefined || !approver.groups.includes(BREAK_GLASS))
      return `${approver.ref} is not of the group ${BREAK_GLASS}`;
    if (entry.body.decision !== 'approve') return 'only an approval can break the glass';
    return statement.reason === undefined ? 'whoever breaks the glass gives a reason' : undefined;
  }
  const groups = groupsAt(approval, entry.ts);
  if (groups.size === 0 || approver.groups.some((group) => groups.has(group))) return undefined;
  return `${approver.ref} is of none of the groups that may decide`;
}

function authenticatorProblem(
  terms: Request['authenticator'],
  used: { passkey: KnownPasskey | undefined; backupEligible: boolean; breakGlass: boolean },
): string | undefined {
  const { passkey, backupEligible, breakGlass } = used;
  const { attestation, aaguids } = terms;
  if (passkey === undefined) {
    const asks = terms.backupEligible === false || attestation !== undefined || aaguids !== undefined;
    return asks ? 'the request asks for a passkey of a certain kind' : undefined;
  }
  if ((terms.backupEligible === false || breakGlass) && backupEligible)
    return 'the passkey can be copied to other devices (flag BE)';
  if (attestation !== undefined && !attestation.includes(passkey.attestation))
    return `the passkey was enrolled with attestation ${passkey.attestation}`;
  if (aaguids !== undefined && !aaguids.includes(passkey.aaguid.toLowerCase()))
    return `the passkey is of model ${passkey.aaguid}`;
  return undefined;
}

function openProblem(approval: OpenApproval, entry: Entry): string | undefined {
  if (approval.state !== 'pending') return `${entry.ref.approval} is ${approval.state}, not pending`;
  if (entry.ts > approval.request.expiresAt + SLACK_MS) return 'the request had run out';
  if (approval.decisions.has(entry.ref.principal ?? '')) return `${entry.ref.principal} has decided already`;
  for (const one of approval.decisions.values()) if (one.decision === 'deny') return 'it was denied already';
  return undefined;
}

/**
 * The text that was signed for a decision: the statement, or the batch of the proof, which lists it. A batch is only for
 * people who decide what is not critical and who do not break the glass.
 */
function signedText(
  world: World,
  found: { approval: OpenApproval; approver: Approver; entry: Entry; proof: JsonObject },
): { readonly text: string } | string {
  const { approval, approver, entry, proof } = found;
  const statement = textOf(entry.body, 'statement');
  const { batch } = proof;
  if (batch === undefined) return { text: statement };
  if (typeof batch !== 'string') return 'the batch is not a text';
  if (approver.person === undefined) return 'a service account decided in a batch';
  if (entry.body.break_glass === true) return 'the glass was broken in a batch';
  if (approval.request.risk === 'critical') return 'what is critical was decided in a batch';
  const problem = batchProblem(batch, { log: world.log, approver: approver.ref, statement });
  return problem === undefined ? { text: batch } : `the batch ${problem}`;
}

/**
 * `approval.decided`: a pending request; a statement that says exactly what was requested and decided, fresh, signed by
 * whoever the entry names with a credential that is theirs at this point; and that approver is entitled to decide it.
 */
export const decided: Rule = (world, entry) => {
  const { body, ref, ts } = entry;
  const problem = shapeProblem(body, {
    decision: 'text',
    statement: 'text',
    proof: 'text',
    break_glass: 'flag?',
  });
  if (problem !== undefined) return problem;
  if (body.decision !== 'approve' && body.decision !== 'deny')
    return 'its decision is neither approve nor deny';
  const approval = world.approvals.get(ref.approval ?? '');
  if (approval === undefined) return 'no open request has this id';
  const statement = readStatement(textOf(body, 'statement'));
  if (typeof statement === 'string') return statement;
  const proof = readProof(textOf(body, 'proof'));
  if (proof === undefined) return 'the proof is not JSON';
  const approver = findApprover(world, ref.principal ?? '', proof);
  if (typeof approver === 'string') return approver;
  const reason =
    openProblem(approval, entry) ??
    statementProblem(statement, expectedStatement(world, { approval, entry, statement })) ??
    entitlementProblem(approval, { approver, entry, statement });
  if (reason !== undefined) return reason;
  const signed = signedText(world, { approval, approver, entry, proof });
  if (typeof signed === 'string') return signed;
  const challenge = statementChallenge(signed.text);
  const proven = verifyProof({ challenge, proof, party: approver.party });
  if (!proven.ok) return `the proof is refused: ${proven.reason}`;
  const breakGlass = body.break_glass === true;
  const refused =
    authenticatorProblem(approval.request.authenticator, {
      passkey: approver.passkey,
      backupEligible: proven.backupEligible,
      breakGlass,
    }) ?? useOnce(world, statement, ts);
  if (refused !== undefined) return refused;
  approval.decisions.set(approver.ref, { decision: body.decision, breakGlass });
  approval.ttlSeconds = Number((statement.scope as JsonObject).ttl);
  approval.last = { seq: entry.seq, type: entry.type };
  world.tally.decisions++;
  return undefined;
};
