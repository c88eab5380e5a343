import type { Clock } from '../core/clock.ts';
import type { NewId, RandomBytes } from '../core/ids.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Reader } from '../storage/database.ts';

/** What every use-case of this feature needs. Reads go to the database, changes through the ledger. */
export interface PrincipalDeps {
  readonly database: Reader;
  readonly ledger: Ledger;
  readonly now: Clock;
  readonly newId: NewId;
  readonly random: RandomBytes;
  readonly workspace: string;
}
