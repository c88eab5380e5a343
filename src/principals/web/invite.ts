import { CountersignError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { LIMITS } from '../../core/limits.ts';
import type { EntryDraft } from '../../ledger/entry.ts';
import type { PrincipalDeps } from '../deps.ts';
import { parseGroups, parseName } from '../text.ts';
import { inviteToken } from './invite-secret.ts';
import {
  BOOTSTRAP,
  type Invite,
  insertBootstrapInvite,
  type NewInvite,
  revokeOtherBootstrapInvites,
  usableInvite,
} from './store.ts';
import { formatWebToken, WEB_TOKEN_BYTES } from './web-session.ts';

/** A fresh one-time link. The secret stands only in the fragment, which browsers never send. */
export interface InviteLink {
  readonly id: string;
  /** `/enrol#…`, to be put behind the public origin. Shown once. */
  readonly path: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** An invite that begins now and lasts `LIMITS.enrolLinkTtlMs`. */
export function draftInvite(
  deps: PrincipalDeps,
  input: Pick<NewInvite, 'name' | 'groups' | 'subject' | 'tokenHash' | 'createdBy'>,
): NewInvite {
  const createdAt = deps.now();
  return {
    ...input,
    id: deps.newId('inv'),
    workspace: deps.workspace,
    createdAt,
    expiresAt: createdAt + LIMITS.enrolLinkTtlMs,
  };
}

/** `evidence` is the signed act, and empty for the first person, whom nobody can vouch for. */
export function invitedEntry(invite: NewInvite, evidence: JsonObject): EntryDraft {
  return {
    type: 'approver.invited',
    ref: { principal: invite.createdBy, action: 'approvers.invite' },
    body: {
      invite: invite.id,
      name: invite.name,
      groups: [...invite.groups],
      ...(invite.subject === undefined ? {} : { subject: invite.subject }),
      token: invite.tokenHash,
      expires_at: invite.expiresAt,
      ...evidence,
    },
  };
}

/**
 * Makes the link that enrols the first person. Undefined once anybody was enrolled, and while an earlier link is live:
 * a link cannot be shown twice, but `replace` ends the earlier one and makes another.
 */
export async function createBootstrapInvite(
  deps: PrincipalDeps,
  input: { name: string; groups: readonly string[]; replace?: boolean },
): Promise<InviteLink | undefined> {
  const secret = formatWebToken(deps.random(WEB_TOKEN_BYTES));
  const invite = draftInvite(deps, {
    name: parseName(input.name),
    groups: parseGroups(input.groups),
    subject: undefined,
    tokenHash: inviteToken(secret),
    createdBy: BOOTSTRAP,
  });
  const replace = input.replace ?? false;
  const applied = await deps.ledger.commit({
    guard: insertBootstrapInvite(invite, replace),
    then: replace ? [revokeOtherBootstrapInvites(invite)] : [],
    entries: [invitedEntry(invite, {})],
  });
  return applied.kind === 'applied'
    ? { id: invite.id, path: `/enrol#${secret}`, expiresAt: invite.expiresAt }
    : undefined;
}

/** The invite behind a link's secret, while it can be used. Throws one `unauthenticated` for every other case. */
export async function requireInvite(deps: PrincipalDeps, secret: string): Promise<Invite> {
  const invite = await usableInvite(deps.database, {
    tokenHash: inviteToken(secret),
    workspace: deps.workspace,
    now: deps.now(),
  });
  if (invite !== undefined) return invite;
  throw new CountersignError(
    'unauthenticated',
    'This link is used, expired or withdrawn. Ask an approver for a new one under People, or restart the gateway if nobody is enrolled yet.',
  );
}
