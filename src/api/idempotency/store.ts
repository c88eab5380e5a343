import type { Reader, Statement } from '../../storage/database.ts';

/** Whose key it is: keys of different callers never meet. */
export interface KeyOwner {
  readonly workspace: string;
  readonly principal: string;
  readonly key: string;
}

/** What is known of the request that came first under a key. */
export interface FirstRequest {
  /** SHA-256 over method, path and body, in hex. */
  readonly digest: string;
  /** Base64; undefined while there is no answer, or when it was lost. */
  readonly sealedAnswer: string | undefined;
}

const OWNED = 'workspace = ? AND principal = ? AND key = ?';

const ownedParams = ({ workspace, principal, key }: KeyOwner): string[] => [workspace, principal, key];

/** Takes the key as a guard: matches when nobody has it, or when whoever had it came before `forgetBefore`. */
export function takeKey(
  owner: KeyOwner,
  request: { digest: string; now: number; forgetBefore: number },
): Statement {
  return {
    sql: `INSERT INTO idempotent_request (workspace, principal, key, digest, created_at) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT (workspace, principal, key) DO UPDATE
            SET digest = excluded.digest, created_at = excluded.created_at, answer = NULL
            WHERE idempotent_request.created_at < ?
          RETURNING key`,
    params: [...ownedParams(owner), request.digest, request.now, request.forgetBefore],
  };
}

export function keepAnswer(owner: KeyOwner, sealedAnswer: string): Statement {
  return {
    sql: `UPDATE idempotent_request SET answer = ? WHERE ${OWNED}`,
    params: [sealedAnswer, ...ownedParams(owner)],
  };
}

export function releaseKey(owner: KeyOwner): Statement {
  return { sql: `DELETE FROM idempotent_request WHERE ${OWNED}`, params: ownedParams(owner) };
}

export function forgetKeys(before: number): Statement {
  return { sql: 'DELETE FROM idempotent_request WHERE created_at < ?', params: [before] };
}

export async function findFirst(database: Reader, owner: KeyOwner): Promise<FirstRequest | undefined> {
  const [row] = await database.query({
    sql: `SELECT digest, answer FROM idempotent_request WHERE ${OWNED}`,
    params: ownedParams(owner),
  });
  if (row === undefined) return undefined;
  return { digest: String(row.digest), sealedAnswer: row.answer === null ? undefined : String(row.answer) };
}
