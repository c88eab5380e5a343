import { type Checkpoint, parseCheckpoint } from './checkpoint.ts';
import { type NoteVerifier, openNote } from './note.ts';

/** Room for a note with as many signatures as keys can overlap. */
export const SLOT_BYTES = 8 * 1_024;
/** Written in turn: whatever interrupts a write, the other one holds the note before it. */
export const SLOTS = 2;

/** A slot of the head file: the note, filled up with line ends. Throws `RangeError` when the note is too long. */
export function formatSlot(note: string): Buffer {
  const bytes = Buffer.from(note);
  if (bytes.length > SLOT_BYTES) throw new RangeError(`a note of ${bytes.length} bytes does not fit`);
  return Buffer.concat([bytes, Buffer.alloc(SLOT_BYTES - bytes.length, '\n')]);
}

/** The newest head among the slots, and in which of them it stands. */
export interface KeptHead {
  readonly checkpoint: Checkpoint;
  readonly note: string;
  readonly slot: number;
}

function readSlot(bytes: Uint8Array, verifiers: readonly NoteVerifier[]): Omit<KeptHead, 'slot'> | string {
  const note = `${Buffer.from(bytes).toString('utf8').replace(/\n+$/, '')}\n`;
  const opened = openNote(note, verifiers);
  if (!opened.ok) return opened.reason;
  const checkpoint = parseCheckpoint(opened.text);
  return checkpoint === undefined ? 'the note is not a checkpoint' : { checkpoint, note };
}

/** The newest head of a file that one of the keys has signed; the reason when there is none. */
export function readSlots(file: Uint8Array, verifiers: readonly NoteVerifier[]): KeptHead | string {
  let newest: KeptHead | undefined;
  let reason = 'the file is empty';
  for (let slot = 0; slot < SLOTS; slot++) {
    const found = readSlot(file.subarray(slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES), verifiers);
    if (typeof found === 'string') reason = found;
    else if (newest === undefined || found.checkpoint.size > newest.checkpoint.size)
      newest = { ...found, slot };
  }
  return newest ?? reason;
}
