import type { ChannelTerms } from '../channels/channel.ts';
import { followNotices, type Listener } from '../channels/follow-notices.ts';
import type { ChannelDeps } from '../channels/ports.ts';
import { recordAttempt } from '../deliveries/settle.ts';
import type { LaneWork } from '../lane.ts';
import type { Receiver } from '../lanes.ts';
import { deviceChannel } from './device.ts';
import type { PushLaneDeps, Standing } from './ports.ts';
import { dropDevice } from './remove-device.ts';
import { sendPush } from './send-push.ts';
import { allDeviceIds, deviceById, noteTold, type StoredDevice } from './store.ts';

type FollowDeps = Omit<ChannelDeps, 'waiting'> & PushLaneDeps;

/** Terms that hold for all devices, and who is told when one of them is gone. */
export interface Following {
  readonly terms: ChannelTerms;
  readonly onGone: () => void;
}

/** Of the groups that are told, only those of the person; none of them: nobody. */
function told({ groups, waiting }: Standing, { when, ...terms }: ChannelTerms): Omit<Listener, 'tell'> {
  const own = when.groups === undefined ? groups : groups.filter((one) => when.groups?.includes(one));
  const isTold = when.groups === undefined || own.length > 0;
  return {
    terms: { ...terms, when: { ...when, groups: own } },
    waiting: isTold ? waiting : async () => [],
  };
}

/**
 * The work for one device, which is told only of what its person may decide then. Once the person is removed, or the push
 * service says that the subscription has ended, nothing stays of it.
 */
function followDevice(deps: FollowDeps, id: string, { terms, onGone }: Following): LaneWork {
  const { database, workspace } = deps;

  async function drop(device: StoredDevice, reason: 'gone' | 'person_removed'): Promise<void> {
    await dropDevice(deps, { device, reason });
    onGone();
  }

  async function listener(): Promise<Listener | undefined> {
    const device = await deviceById(database, { id, workspace });
    if (device === undefined) return undefined;
    const standing = await deps.standingOf(device.person);
    if (standing === undefined) {
      await drop(device, 'person_removed');
      return undefined;
    }
    return {
      ...told(standing, terms),
      async tell(message, delivery) {
        const attempt = await sendPush(deps, device, message);
        if (attempt.outcome === 'gone') return drop(device, 'gone');
        const then = [noteTold({ id, at: deps.now(), error: attempt.error })];
        await recordAttempt(deps, { delivery, attempt, then });
      },
    };
  }

  const work = followNotices(deps, { id: deviceChannel(id), listener });
  return {
    ...work,
    lookAt: (entries) => (entries.some(({ type }) => type === 'approver.removed') ? 0 : work.lookAt(entries)),
  };
}

/** Everybody's devices, each with a lane of its own. */
export async function devicesToFollow(deps: FollowDeps, following: Following): Promise<Receiver[]> {
  const ids = await allDeviceIds(deps.database, deps.workspace);
  return ids.map((id) => ({
    id: deviceChannel(id),
    version: '',
    follow: () => followDevice(deps, id, following),
  }));
}
