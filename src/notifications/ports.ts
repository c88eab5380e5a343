import type { Clock } from '../core/clock.ts';
import type { NewId, RandomBytes } from '../core/ids.ts';
import type { Entry, EntryType } from '../ledger/entry.ts';
import type { RunningLedger } from '../ledger/ledger.ts';
import type { Schedule } from '../ledger/schedule.ts';
import type { Reader } from '../storage/database.ts';

/** What an entry says of a job; undefined when that is nothing. */
export type ReadFact = (
  entry: Entry,
) => { readonly id: string; readonly event: string; readonly state: string } | undefined;

/** One POST to an endpoint. Rejects, with a message that may be shown, when no answer came. */
export type Post = (request: {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}) => Promise<{ readonly status: number }>;

export interface EndpointDeps {
  readonly database: Reader;
  readonly ledger: Pick<RunningLedger, 'commit' | 'head'>;
  readonly workspace: string;
  /** 32 bytes that seal the keys of endpoints. */
  readonly key: Uint8Array;
  readonly now: Clock;
  readonly newId: NewId;
  readonly random: RandomBytes;
  /** Refuses an address that deliveries may not go to. Throws `invalid_request`. */
  readonly checkAddress: (url: string) => Promise<void>;
  readonly post: Post;
  /** Called after an endpoint was added, changed or removed, or has deliveries to make again. */
  readonly onChanged: () => void;
}

export interface OutboxDeps extends Omit<EndpointDeps, 'ledger' | 'checkAddress' | 'newId' | 'onChanged'> {
  readonly ledger: Pick<RunningLedger, 'commit' | 'head' | 'onEntries' | 'checkpointNow'>;
  /** The entries of some types with `from <= seq < to`, ascending, at most `limit`. */
  readonly readEntries: (range: {
    types: readonly EntryType[];
    from: number;
    to: number;
    limit: number;
  }) => Promise<readonly Entry[]>;
  /** The entry that requested an approval. */
  readonly requestOf: (approvalId: string) => Promise<Entry | undefined>;
  readonly readFact: ReadFact;
  /** What a signed note says of the ledger; undefined for anything else. */
  readonly readNote: (
    note: string,
  ) => { readonly origin: string; readonly size: number; readonly root: string } | undefined;
  readonly origin: string;
  readonly schedule: Schedule;
  /** Told of what nobody waits for. */
  readonly report: (error: unknown) => void;
}
