import type { Clock } from '../core/clock.ts';
import type { NewId, RandomBytes } from '../core/ids.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Reader } from '../storage/database.ts';
import type { Attestation } from './people/passkey.ts';
import type { RelyingParty } from './web/relying-party.ts';

/** What every use-case of this feature needs. Reads go to the database, changes through the ledger. */
export interface PrincipalDeps {
  readonly database: Reader;
  readonly ledger: Ledger;
  readonly now: Clock;
  readonly newId: NewId;
  readonly random: RandomBytes;
  readonly workspace: string;
}

/** What those need in which a passkey signs. */
export interface PasskeyDeps extends PrincipalDeps {
  readonly party: RelyingParty;
  /** The log's origin, named in every statement. */
  readonly logName: string;
  /** What new passkeys are asked to show of their maker. */
  readonly attestation: Attestation;
}
