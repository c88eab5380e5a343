import { type KeySigner, parseSkey } from './note.ts';

/** A secret key of the log as its file has it. */
export interface KeptKey {
  readonly skey: string;
  readonly signer: KeySigner;
}

/** A key that still signs beside the current one. */
export interface OverlappingKey extends KeptKey {
  /** Milliseconds since the epoch, exclusive. */
  readonly until: number;
}

/** What the file of the log's keys holds. */
export interface KeyFile {
  readonly current: KeptKey;
  /** Made, but on no entry yet. The current key will overlap with it until then. */
  readonly next?: OverlappingKey;
  /** Those that the current one has followed, newest first. */
  readonly previous: readonly OverlappingKey[];
}

/** Reads one secret key; undefined when it is none. */
export function readKept(skey: string): KeptKey | undefined {
  const signer = parseSkey(skey);
  return signer === undefined ? undefined : { skey, signer };
}

/**
 * Reads the file: the current key on the first line, then `next <until> <key>` while a rotation is under way, and
 * `previous <until> <key>` for each key that overlaps. Undefined when it is malformed or its keys have several names.
 */
export function parseKeyFile(text: string): KeyFile | undefined {
  const [first = '', ...rest] = text.split('\n');
  const current = readKept(first);
  if (current === undefined) return undefined;
  let next: OverlappingKey | undefined;
  const previous: OverlappingKey[] = [];
  for (const line of rest) {
    const match = /^(next|previous) ([0-9]{1,15}) (\S+)$/.exec(line);
    const kept = match === null ? undefined : readKept(match[3] as string);
    if (match === null || kept?.signer.name !== current.signer.name) return undefined;
    const key = { ...kept, until: Number(match[2]) };
    if (match[1] === 'previous') previous.push(key);
    else if (next === undefined) next = key;
    else return undefined;
  }
  return { current, ...(next === undefined ? {} : { next }), previous };
}

export function formatKeyFile({ current, next, previous }: KeyFile): string {
  const line = (role: string, { until, skey }: OverlappingKey): string => `${role} ${until} ${skey}`;
  const lines = [
    current.skey,
    ...(next === undefined ? [] : [line('next', next)]),
    ...previous.map((key) => line('previous', key)),
  ];
  return `${lines.join('\n')}\n`;
}

/** The keys once `next` is the current one; without those whose overlap is over. */
export function turned({ current, next, previous }: KeyFile, at: number): KeyFile {
  if (next === undefined) return { current, previous };
  const { skey, signer, until } = next;
  const overlapping = [{ ...current, until }, ...previous].filter((key) => at < key.until);
  return { current: { skey, signer }, previous: overlapping };
}

/**
 * The keys as the ledger has it: `vkey` is the one in force by its newest rotation or its genesis, undefined for an
 * empty ledger. A rotation that a crash has cut short ends here, one way or the other; a ledger that was put back to
 * before a rotation has its earlier key again, while that is kept. Undefined when no kept key is the ledger's.
 */
export function settled(
  keys: KeyFile,
  { vkey, at }: { vkey: string | undefined; at: number },
): KeyFile | undefined {
  const { current, next, previous } = keys;
  const inForce = previous.filter((key) => at < key.until);
  if (vkey === undefined || vkey === current.signer.vkey) return { current, previous: inForce };
  if (vkey === next?.signer.vkey) return turned(keys, at);
  const index = previous.findIndex((key) => key.signer.vkey === vkey);
  const earlier = previous[index];
  if (earlier === undefined) return undefined;
  const { skey, signer } = earlier;
  return { current: { skey, signer }, previous: previous.slice(index + 1).filter((key) => at < key.until) };
}
