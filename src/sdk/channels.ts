import { type CallOptions, type Http, path } from './http.ts';
import { listPages, type Paged, type PageOptions } from './page.ts';

/** A configured way to tell people that something waits for them. Where it leads is never told. */
export interface Channel {
  readonly name: string;
  readonly type: 'email' | 'ntfy' | 'slack' | 'discord' | 'push';
  /** What it is told of; null asks for nothing, and all that are there must hold. */
  readonly when: {
    readonly risk: readonly ('low' | 'medium' | 'high' | 'critical')[] | null;
    readonly groups: readonly string[] | null;
    /** Patterns of `server/tool`, and of the names of actions. */
    readonly tools: readonly string[] | null;
  };
  /** How long what is not critical is gathered into one message; 0: not at all. */
  readonly digestMs: number;
  /** Times of day such as `22:00`, in the time zone. */
  readonly quiet: { readonly from: string; readonly to: string; readonly zone: string } | null;
  /** So many requests of one agent and risk are told one by one within five minutes, and the rest together. */
  readonly perAgent: number;
  /** How long before it expires what still waits is told again. */
  readonly remindMs: number | null;
  /** How many devices people have added, for the type `push`. */
  readonly devices: number | null;
  /** Requests that are being gathered, messages that wait, and messages that were given up. */
  readonly gathered: number;
  readonly pending: number;
  readonly dead: number;
  /** Why the newest message that has not arrived has not. */
  readonly lastError: string | null;
}

export interface ChannelTrial {
  readonly delivered: boolean;
  /** The status of the answer, where there was one. */
  readonly status: number | null;
  readonly error: string | null;
}

export interface ChannelsResource {
  list(filter?: PageOptions, options?: CallOptions): Paged<Channel>;
  /** Sends a message that tells of nothing, at once, and says what came back. */
  test(name: string, options?: CallOptions): Promise<ChannelTrial>;
  /** Whether the gateway made the link that opens the dialog to deny an approval. For people who are signed in. */
  isDenyLink(
    given: { readonly approval: string; readonly signature: string },
    options?: CallOptions,
  ): Promise<boolean>;
}

interface ChannelWire {
  readonly name: string;
  readonly type: Channel['type'];
  readonly when: Channel['when'];
  readonly digest_ms: number;
  readonly quiet?: Channel['quiet'];
  readonly per_agent: number;
  readonly remind_ms?: number | null;
  readonly devices?: number | null;
  readonly gathered: number;
  readonly pending: number;
  readonly dead: number;
  readonly last_error?: string | null;
}

function channelFrom(wire: ChannelWire): Channel {
  return {
    name: wire.name,
    type: wire.type,
    when: wire.when,
    digestMs: wire.digest_ms,
    quiet: wire.quiet ?? null,
    perAgent: wire.per_agent,
    remindMs: wire.remind_ms ?? null,
    devices: wire.devices ?? null,
    gathered: wire.gathered,
    pending: wire.pending,
    dead: wire.dead,
    lastError: wire.last_error ?? null,
  };
}

/** What a server that left members out has meant. */
export function trialFrom({ delivered, status, error }: ChannelTrial): ChannelTrial {
  return { delivered, status: status ?? null, error: error ?? null };
}

export function createChannels(http: Http): ChannelsResource {
  return {
    list: (filter = {}, options) =>
      listPages<ChannelWire, Channel>(http, {
        path: '/v1/channels',
        query: { ...filter },
        fromWire: channelFrom,
        options,
      }),
    async test(name, options) {
      const call = { method: 'POST', path: path`/v1/channels/${name}/test`, body: {}, options } as const;
      return trialFrom((await http.json<ChannelTrial>(call)).body);
    },
    async isDenyLink({ approval, signature }, options) {
      const at = path`/v1/approvals/${approval}/deny-link`;
      const call = { method: 'GET', path: at, query: { signature }, options } as const;
      return (await http.json<{ valid: boolean }>(call)).body.valid;
    },
  };
}
