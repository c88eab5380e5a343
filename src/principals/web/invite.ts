import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { hashSecret } from '../api-key.ts';
import type { PrincipalDeps } from '../deps.ts';
import { type Principal, principalRef } from '../principal.ts';
import { parseGroups, parseName } from '../text.ts';
import {
  BOOTSTRAP,
  type Invite,
  insertBootstrapInvite,
  insertInvite,
  type NewInvite,
  revokeOtherBootstrapInvites,
  usableInvite,
} from './store.ts';
import { formatWebToken, WEB_TOKEN_BYTES } from './web-session.ts';

/** A fresh one-time link. The token stands only in the fragment, which browsers never send. */
export interface InviteLink {
  readonly id: string;
  /** `/enrol#…`, to be put behind the public origin. Shown once. */
  readonly path: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

function draft(
  deps: PrincipalDeps,
  input: { name: string; groups: readonly string[]; createdBy: string },
): { invite: NewInvite; link: InviteLink } {
  const token = formatWebToken(deps.random(WEB_TOKEN_BYTES));
  const createdAt = deps.now();
  const invite = {
    id: deps.newId('inv'),
    workspace: deps.workspace,
    tokenHash: hashSecret(token),
    name: input.name,
    groups: input.groups,
    subject: undefined,
    createdBy: input.createdBy,
    createdAt,
    expiresAt: createdAt + LIMITS.enrolLinkTtlMs,
  };
  return { invite, link: { id: invite.id, path: `/enrol#${token}`, expiresAt: invite.expiresAt } };
}

function invitedEntry(invite: NewInvite) {
  return {
    type: 'approver.invited' as const,
    ref: { principal: invite.createdBy, action: 'approvers.invite' },
    body: { invite: invite.id, name: invite.name, groups: [...invite.groups], expires_at: invite.expiresAt },
  };
}

/** Invites somebody. Throws `forbidden` unless `by` is a person who is enrolled now, and `invalid_request`. */
export async function createInvite(
  deps: PrincipalDeps,
  input: { by: Principal; name: string; groups: readonly string[] },
): Promise<InviteLink> {
  const refusal = 'Only an enrolled person can invite another. Sign in to the dashboard with a passkey.';
  if (input.by.kind !== 'person') throw new CountersignError('forbidden', refusal);
  const { invite, link } = draft(deps, {
    name: parseName(input.name),
    groups: parseGroups(input.groups),
    createdBy: principalRef(input.by),
  });
  const applied = await deps.ledger.commit({
    guard: insertInvite(invite, input.by.id),
    entries: [invitedEntry(invite)],
  });
  if (applied.kind === 'refused') throw new CountersignError('forbidden', refusal);
  return link;
}

/**
 * Makes the link that enrols the first person. Undefined once anybody is enrolled, and while an earlier link is live:
 * a link cannot be shown twice, but `replace` ends the earlier one and makes another.
 */
export async function createBootstrapInvite(
  deps: PrincipalDeps,
  input: { name: string; groups: readonly string[]; replace?: boolean },
): Promise<InviteLink | undefined> {
  const { invite, link } = draft(deps, {
    name: parseName(input.name),
    groups: parseGroups(input.groups),
    createdBy: BOOTSTRAP,
  });
  const replace = input.replace ?? false;
  const applied = await deps.ledger.commit({
    guard: insertBootstrapInvite(invite, replace),
    then: replace ? [revokeOtherBootstrapInvites(invite)] : [],
    entries: [invitedEntry(invite)],
  });
  return applied.kind === 'applied' ? link : undefined;
}

/** The invite behind a token, while it can be used. Throws one `unauthenticated` for every other case. */
export async function requireInvite(deps: PrincipalDeps, token: string): Promise<Invite> {
  const invite = await usableInvite(deps.database, {
    tokenHash: hashSecret(token),
    workspace: deps.workspace,
    now: deps.now(),
  });
  if (invite !== undefined) return invite;
  throw new CountersignError(
    'unauthenticated',
    'This link is used, expired or withdrawn. Ask an approver for a new one under People, or restart the gateway if nobody is enrolled yet.',
  );
}
