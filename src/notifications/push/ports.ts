import type { NewId } from '../../core/ids.ts';
import type { WaitingCall } from '../channels/channel.ts';
import type { ChannelDeps } from '../channels/ports.ts';
import type { EndpointDeps } from '../ports.ts';
import type { VapidKeys } from './vapid-keys.ts';

/** What is true of an enrolled person now. */
export interface Standing {
  readonly groups: readonly string[];
  /** Those of these approvals that wait for a decision which this person may still make. */
  readonly waiting: (approvals: readonly string[]) => Promise<readonly WaitingCall[]>;
}

/** What the lanes of devices need beside what those of channels do. */
export interface PushLaneDeps {
  /** 32 bytes that seal the keys of devices. */
  readonly key: Uint8Array;
  readonly vapid: VapidKeys;
  /** Whom a push service may turn to: a `mailto:` or `https:` address (RFC 8292 §2.1). */
  readonly contact: string;
  /** Undefined for a person who is not enrolled any more. */
  readonly standingOf: (person: string) => Promise<Standing | undefined>;
}

/** What people manage their devices with. */
export interface DeviceDeps
  extends Pick<
      EndpointDeps,
      'database' | 'ledger' | 'workspace' | 'now' | 'random' | 'post' | 'checkAddress' | 'onChanged'
    >,
    Pick<ChannelDeps, 'origin'>,
    Omit<PushLaneDeps, 'standingOf'> {
  readonly newId: NewId;
}
