import type { Clock } from '../core/clock.ts';
import type { NewId } from '../core/ids.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Reader, Statement } from '../storage/database.ts';
import type { CapabilityKeys } from './keys/open-keys.ts';
import type { Reverified } from './token.ts';

/** What every use-case of this feature needs. */
export interface CapabilityDeps {
  readonly database: Reader;
  readonly ledger: Ledger;
  readonly now: Clock;
  readonly newId: NewId;
  readonly workspace: string;
  /** The `iss` of tokens: the gateway's public origin. */
  readonly issuer: string;
  /** The log's name, which tokens point to. */
  readonly log: string;
  readonly keys: Pick<CapabilityKeys, 'sign' | 'find'>;
  /**
   * Proves from the ledger alone that the approval was given, by whom, and of what. Throws `forbidden` with the reason
   * when it does not hold; then nothing is spent and no token is made.
   */
  readonly reverify: (approvalId: string) => Promise<Reverified>;
  /** Encrypts a text for the table beside the ledger and commits to it. */
  readonly seal: (payload: {
    id: string;
    subject: string;
    text: string;
    /** How long it is kept; undefined for good. */
    retainMs: number | undefined;
  }) => {
    readonly commit: string;
    readonly sidecar: Statement;
  };
}
