import { termsOf } from '../approvals/approval.ts';
import { approverRefusal } from '../approvals/approver.ts';
import { listDecisionsOf } from '../approvals/list.ts';
import { type Channel, isCarried } from '../notifications/channels/channel.ts';
import type { ChannelDeps } from '../notifications/channels/ports.ts';
import type { DeviceDeps, PushLaneDeps, Standing } from '../notifications/push/ports.ts';
import { VAPID_SEED_BYTES, vapidKeysOf } from '../notifications/push/vapid-keys.ts';
import { approverFacts } from '../principals/approver-groups.ts';
import { findMaker } from '../principals/makers/find-maker.ts';
import { deriveKey } from './derive-key.ts';
import type { State } from './open-state.ts';
import { waitingApprovals, waitingCall } from './wire-channels.ts';

/** What is true of an enrolled person now, and what they may still decide; undefined once they are removed. */
export async function standingOf(
  state: Pick<ChannelDeps, 'database' | 'workspace' | 'now'>,
  id: string,
): Promise<Standing | undefined> {
  const { database, now } = state;
  const ref = `person:${id}`;
  const facts = await approverFacts(state, ref);
  if (facts === undefined) return undefined;
  return {
    groups: facts.groups,
    async waiting(ids) {
      const open = await waitingApprovals(state, ids);
      const decisions = await listDecisionsOf(
        database,
        open.map((approval) => approval.id),
      );
      const makers = await Promise.all(open.map(({ requester }) => findMaker(state, requester)));
      const mayDecide = open.filter((approval, index) => {
        const approver = { kind: 'person', id, ...facts } as const;
        const maker = makers[index] ?? { kind: 'unknown' };
        const context = { approval, maker, at: now(), breakGlass: false } as const;
        const isDecided = decisions.get(approval.id)?.some((one) => one.approver === ref) ?? false;
        return !isDecided && approverRefusal(termsOf(approval), approver, context) === undefined;
      });
      return mayDecide.map(waitingCall);
    },
  };
}

/** Whom a push service may turn to where nobody says: the gateway's own address, as far as others can reach it. */
function contactOf(channels: readonly Channel[], origin: string): string {
  const own = channels.flatMap(({ target }) => (target.kind === 'push' ? (target.contact ?? []) : []))[0];
  const isPublic = origin.startsWith('https:') && new URL(origin).hostname !== 'localhost';
  return own ?? (isPublic ? origin : 'mailto:countersign@localhost');
}

export interface PushWiring {
  readonly lanes: PushLaneDeps;
  /** What people manage their devices with; undefined where no device is told. */
  devices(more: Pick<DeviceDeps, 'post' | 'checkAddress' | 'onChanged'>): DeviceDeps | undefined;
}

/** Web Push, with keys derived for it alone: nothing of it is stored, and devices stay subscribed over restarts. */
export function wirePush(state: State): PushWiring {
  const { database, ledger, workspace, now, random, newId, publicOrigin: origin, dataKey, config } = state;
  const keys = {
    key: deriveKey(dataKey, 'countersign/push-keys/v1'),
    vapid: vapidKeysOf(deriveKey(dataKey, 'countersign/vapid/v1', VAPID_SEED_BYTES)),
    contact: contactOf(config.channels, origin),
  };
  return {
    lanes: { ...keys, standingOf: (person) => standingOf(state, person) },
    devices: (more) =>
      config.channels.every(isCarried)
        ? undefined
        : { ...keys, ...more, database, ledger, workspace, now, random, newId, origin },
  };
}
