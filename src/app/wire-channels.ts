import { type Approval, stateAt, termsOf } from '../approvals/approval.ts';
import { effectOf } from '../approvals/effect.ts';
import { findApproval } from '../approvals/list.ts';
import { LIMITS } from '../core/limits.ts';
import { sendMail } from '../http/send-mail.ts';
import type { WaitingCall } from '../notifications/channels/channel.ts';
import { isDenySignature } from '../notifications/channels/deny-link.ts';
import { type Channels, createChannels } from '../notifications/channels/look.ts';
import { type ChannelOutbox, createChannelOutbox } from '../notifications/channels/outbox.ts';
import type { ChannelDeps, SendMail } from '../notifications/channels/ports.ts';
import type { OutboxDeps } from '../notifications/ports.ts';
import type { PushLaneDeps } from '../notifications/push/ports.ts';
import { deriveKey } from './derive-key.ts';
import type { State } from './open-state.ts';

export interface ChannelWiring {
  readonly outbox: ChannelOutbox;
  readonly channels: Channels;
  /** True when the gateway made the link that opens the dialog to deny this approval. */
  readonly isDenyLink: (given: { approval: string; signature: string }) => boolean;
}

/** An approval as channels may tell of it: what it would do, and never its arguments as they are. */
export function waitingCall(approval: Approval): WaitingCall {
  const { id, call, risk, subject, requester, requestedAt, expiresAt } = approval;
  const isTool = call.kind === 'tool';
  return {
    id,
    what: isTool ? `${call.server}/${call.tool}` : `${call.tool} ${call.server}`,
    pattern: isTool ? `${call.server}/${call.tool}` : call.tool,
    risk,
    agent: subject,
    // Whoever requests an action names its actor.
    source: isTool ? subject : requester,
    effect: effectOf(approval),
    groups: termsOf(approval).groups,
    requestedAt,
    expiresAt,
  };
}

/** Those of these approvals that wait for a decision. */
export async function waitingApprovals(
  { database, workspace, now }: Pick<ChannelDeps, 'database' | 'workspace' | 'now'>,
  ids: readonly string[],
): Promise<Approval[]> {
  const found = await Promise.all(ids.map((id) => findApproval(database, id)));
  return found.flatMap((one) => {
    const isOpen = one?.workspace === workspace && stateAt(one, now()) === 'pending';
    return isOpen ? [one] : [];
  });
}

/** Channels to people, with links signed by a key of their own. */
export function wireChannels(
  state: State,
  carrying: Pick<OutboxDeps, 'post' | 'readEntries' | 'schedule'> & { readonly push: PushLaneDeps },
): ChannelWiring {
  const { database, ledger, now, newId, random, workspace, log, config, publicOrigin: origin } = state;
  const linkKey = deriveKey(state.dataKey, 'countersign/deny-link/v1');
  const mail: SendMail = (letter) => sendMail(letter, { timeoutMs: LIMITS.webhookTimeoutMs });
  const shared = { ...carrying, database, workspace, now, mail, origin };
  const outbox = createChannelOutbox(
    {
      ...shared,
      ledger,
      random,
      waiting: async (ids) => (await waitingApprovals(state, ids)).map(waitingCall),
      linkKey,
      report: (err) => log.error({ err }, 'a channel could not be served; it is tried again'),
    },
    config.channels,
  );
  return {
    outbox,
    channels: createChannels({ ...shared, newId }, config.channels),
    isDenyLink: (given) => isDenySignature(linkKey, given),
  };
}
