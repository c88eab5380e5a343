import type { JsonObject } from '../../core/json.ts';
import type { OutboxDeps, Post } from '../ports.ts';
import type { WaitingCall } from './channel.ts';

/** A message by mail. */
export interface Letter {
  /** `smtp://` or `smtps://`, with credentials. */
  readonly smtp: string;
  /** The connection may stay without TLS; else a server that offers none is refused. */
  readonly allowPlaintext: boolean;
  readonly from: string;
  readonly to: readonly string[];
  /** Without brackets; the same for every attempt, so that mailboxes can tell a repetition. */
  readonly messageId: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Epoch milliseconds. */
  readonly date: number;
}

/** A message as one POST of JSON. */
export interface WebRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}

/**
 * Hands a letter to its server, and gives how many receivers it refused. Rejects, with a message that may be shown, when
 * it takes it for nobody.
 */
export type SendMail = (letter: Letter) => Promise<{ readonly refused: number }>;

export interface Carriers {
  readonly post: Post;
  readonly mail: SendMail;
}

export interface ChannelDeps
  extends Carriers,
    Pick<
      OutboxDeps,
      | 'database'
      | 'ledger'
      | 'now'
      | 'random'
      | 'readEntries'
      | 'schedule'
      | 'report'
      | 'origin'
      | 'workspace'
    > {
  /** Those of these approvals that wait for a decision. */
  readonly waiting: (ids: readonly string[]) => Promise<readonly WaitingCall[]>;
  /** 32 bytes that sign links. */
  readonly linkKey: Uint8Array;
}
