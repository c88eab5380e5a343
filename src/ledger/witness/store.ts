import type { Reader, Statement } from '../../storage/database.ts';
import { latestCheckpoint, type StoredCheckpoint } from '../store.ts';

/** A cosignature as it is kept, beside the checkpoint of its size. */
export interface StoredCosignature {
  readonly size: number;
  /** The witness's verifier key. */
  readonly witness: string;
  /** The signature line, without its newline. */
  readonly line: string;
  /** Milliseconds, as the witness says. */
  readonly cosignedAt: number;
}

/** Keeps the newest cosignature of a witness on a checkpoint. */
export function putCosignature({ size, witness, line, cosignedAt }: StoredCosignature): Statement {
  return {
    sql:
      'INSERT INTO cosignature (size, witness, line, cosigned_at) VALUES (?, ?, ?, ?) ' +
      'ON CONFLICT (size, witness) DO UPDATE SET line = excluded.line, cosigned_at = excluded.cosigned_at',
    params: [size, witness, line, cosignedAt],
  };
}

/** The cosignature of a witness on the largest checkpoint that it has seen, if it ever has. */
export async function newestCosignatureOf(
  database: Reader,
  witness: string,
): Promise<StoredCosignature | undefined> {
  const [row] = await database.query({
    sql: 'SELECT * FROM cosignature WHERE witness = ? ORDER BY size DESC LIMIT 1',
    params: [witness],
  });
  if (row === undefined) return undefined;
  const { size, line, cosigned_at: cosignedAt } = row;
  return { size: size as number, witness, line: line as string, cosignedAt: cosignedAt as number };
}

async function linesOf(database: Reader, size: number): Promise<string> {
  const rows = await database.query({
    sql: 'SELECT line FROM cosignature WHERE size = ? ORDER BY witness',
    params: [size],
  });
  return rows.map(({ line }) => `${line as string}\n`).join('');
}

/** A checkpoint's note, with the cosignatures that there are for it behind the log's own signatures. */
export async function withCosignatures(
  database: Reader,
  { size, note }: Pick<StoredCheckpoint, 'size' | 'note'>,
): Promise<string> {
  return note + (await linesOf(database, size));
}

/** The largest checkpoint that some witness has cosigned, with its cosignatures; undefined while there is none. */
export async function newestCosigned(database: Reader): Promise<string | undefined> {
  const [row] = await database.query({
    sql:
      'SELECT c.size AS size, c.note AS note FROM checkpoint c ' +
      'WHERE c.size = (SELECT MAX(size) FROM cosignature)',
    params: [],
  });
  if (row === undefined) return undefined;
  return withCosignatures(database, { size: row.size as number, note: row.note as string });
}

/** The newest checkpoint that is signed, with the cosignatures that there are for it. */
export async function newestCheckpoint(database: Reader): Promise<string | undefined> {
  const checkpoint = await latestCheckpoint(database);
  return checkpoint === undefined ? undefined : withCosignatures(database, checkpoint);
}
