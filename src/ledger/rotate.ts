import { CountersignError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Entry, EntryDraft } from './entry.ts';
import { type LogSigner, type PreparedRotation, rotationEntry } from './log-key.ts';
import type { NoteSigner } from './note.ts';

/** The rotation that is under way, if any, as the ledger's writer sees it through. */
export interface Rotations {
  /** Prepares the next key. Throws `conflict` when the key cannot be rotated now. */
  begin(input: { overlapUntil: number; principal: string }): EntryDraft;
  /** Signs the batch that holds the entry. */
  nextSigner(): NoteSigner | undefined;
  /** The entry is durable, or was not written. */
  end(isDurable: boolean): void;
  /** It is not known whether the entry is durable; `resolve` will tell. */
  doubt(): void;
  /** Ends a rotation in doubt by what was found on the ledger since. */
  resolve(entries: readonly Entry[]): void;
}

/** One rotation at a time. What cannot be written to the key file goes to `report`: the next start makes it good. */
export function createRotations(signer: LogSigner, report: (error: unknown) => void): Rotations {
  const { rotation } = signer;
  let prepared: PreparedRotation | undefined;
  let isDoubtful = false;

  function end(isDurable: boolean): void {
    prepared = undefined;
    isDoubtful = false;
    try {
      if (isDurable) rotation?.complete();
      else rotation?.discard();
    } catch (error) {
      report(error);
    }
  }

  return {
    begin({ overlapUntil, principal }) {
      if (rotation === undefined)
        throw new CountersignError(
          'conflict',
          'The key of this ledger is kept elsewhere and cannot be rotated here.',
        );
      if (prepared !== undefined)
        throw new CountersignError(
          'conflict',
          'The key is being rotated already. Read the ledger, then try again.',
        );
      if (rotation.vkeys().length > LIMITS.logKeysInOverlap) {
        throw new CountersignError(
          'conflict',
          `${LIMITS.logKeysInOverlap} earlier keys still sign beside the current one. Wait until an overlap has ended ` +
            'and start the gateway again.',
        );
      }
      try {
        prepared = rotation.prepare({ overlapUntil });
      } catch (cause) {
        throw new CountersignError(
          'ledger_unavailable',
          'The new key could not be written to the key file, so the old one stays in force. Check space and ' +
            'permissions of the data directory, then try again.',
          { cause },
        );
      }
      return rotationEntry(prepared, principal);
    },
    nextSigner: () => prepared?.signer,
    end,
    doubt() {
      isDoubtful = true;
    },
    resolve(entries) {
      if (!isDoubtful) return;
      end(entries.some(({ type, body }) => type === 'ledger.key_rotated' && body.vkey === prepared?.vkey));
    },
  };
}
