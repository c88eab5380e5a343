import { statementChallenge } from '../core/digest.ts';
import { CountersignError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Statement } from '../storage/database.ts';
import { type Act, type ActParams, buildActStatement, isAct, parseActStatement } from './act-statement.ts';
import type { PasskeyDeps } from './deps.ts';
import type { AuthenticationResponseJSON } from './people/passkey.ts';
import { type PersonPrincipal, principalRef } from './principal.ts';
import { verifyPersonAssertion } from './prove.ts';
import { actById, actStillOpen, dropStaleActs, insertAct, useAct } from './store.ts';

const NONCE_BYTES = 32;

/** A statement for its person to sign. */
export interface ActOffer {
  readonly id: string;
  readonly text: string;
  readonly challenge: Uint8Array;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** What a person hands in: the answer of their passkey to an offered statement. */
export interface SignedAct {
  readonly by: PersonPrincipal;
  readonly statementId: string;
  readonly assertion: AuthenticationResponseJSON;
}

/** An act whose signature holds, with what its transaction needs. */
export interface ProvenAct<A extends Act> {
  /** `person:per_…`: who signed. */
  readonly by: string;
  readonly params: ActParams[A];
  /** What was kept when the statement was offered. */
  readonly kept: string | undefined;
  /** The members of the entry that let anybody check the act: the signed text, and the proof as JSON text. */
  readonly evidence: { readonly statement: string; readonly proof: string };
  /** Spends the statement and records the use of the passkey; belongs into the `then` of the transition. */
  readonly then: readonly Statement[];
  /** To be ANDed into the guard: the statement is unused and unexpired, the passkey and its person enrolled. */
  readonly stillValid: Statement;
}

/**
 * Writes the statement that a person is to sign for an act: single-use, short-lived, bound to the person, the act and
 * its params. `kept` is given back when it is proven. Throws `rate_limited` while too many are open for the person.
 */
export async function offerAct<A extends Act>(
  deps: PasskeyDeps,
  input: { by: PersonPrincipal; act: A; params: ActParams[A]; kept?: string },
): Promise<ActOffer> {
  const createdAt = deps.now();
  const expiresAt = createdAt + LIMITS.statementTtlMs;
  const id = deps.newId('act');
  const text = buildActStatement({
    log: deps.logName,
    act: input.act,
    by: principalRef(input.by),
    params: input.params,
    nonce: Buffer.from(deps.random(NONCE_BYTES)).toString('base64url'),
    // An act that is handed in at the last moment is written a little later, and its entry must not be after `exp`.
    exp: Math.ceil((expiresAt + LIMITS.clockSkewMs) / 1000),
  });
  const applied = await deps.ledger.commit({
    guard: insertAct(
      {
        id,
        workspace: deps.workspace,
        act: input.act,
        personId: input.by.id,
        text,
        kept: input.kept,
        createdAt,
        expiresAt,
      },
      LIMITS.openActsPerPerson,
    ),
    then: [dropStaleActs(createdAt)],
    entries: [],
  });
  if (applied.kind === 'refused') {
    throw new CountersignError(
      'rate_limited',
      'Too many statements are waiting for your signature. Sign one, or wait a few minutes.',
    );
  }
  return { id, text, challenge: statementChallenge(text), expiresAt };
}

/** Throws `invalid_request` unless the statement is about what the caller has named. */
function requireAbout(params: object, about: Readonly<Record<string, string>>): void {
  const signed = new Map<string, unknown>(Object.entries(params));
  const other = Object.entries(about).find(([member, value]) => signed.get(member) !== value);
  if (other === undefined) return;
  const [field] = other;
  const expected = 'the one that the statement names, because only what was signed is done';
  throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
    fields: [{ field, expected }],
  });
}

/**
 * Checks that the person signed exactly this statement of this act with a passkey of their own. `about` is what the
 * caller has named beside the statement. Changes nothing (apart from flagging a passkey that may be copied): the
 * caller commits `then` under `stillValid`, with `evidence` in the entry. Throws `forbidden`, `conflict`, `expired`,
 * `unauthenticated` or `invalid_request`.
 */
export async function proveAct<A extends Act>(
  deps: PasskeyDeps,
  input: SignedAct & { act: A; about?: Partial<Record<keyof ActParams[A] & string, string>> },
): Promise<ProvenAct<A>> {
  const { by, act } = input;
  const now = deps.now();
  const offered = await actById(deps.database, { id: input.statementId, workspace: deps.workspace });
  if (offered === undefined || offered.personId !== by.id || offered.act !== act) {
    throw new CountersignError(
      'forbidden',
      `This statement was not offered to you for "${act}". Ask for a new one: POST /v1/acts.`,
    );
  }
  if (offered.used) {
    throw new CountersignError(
      'conflict',
      'This statement was used already. Ask for a new one: POST /v1/acts.',
    );
  }
  if (offered.expiresAt <= now) {
    throw new CountersignError('expired', 'The statement has expired. Ask for a new one: POST /v1/acts.');
  }
  const statement = parseActStatement(offered.text);
  if (!isAct(statement, act)) throw new CountersignError('internal', 'An act statement is of another act.');
  requireAbout(statement.params, (input.about ?? {}) as Record<string, string>);
  const { proof, recordUse, stillValid } = await verifyPersonAssertion(deps, {
    challenge: statementChallenge(offered.text),
    assertion: input.assertion,
    personId: by.id,
    expectedOrigin: deps.party.origin,
  });
  const open = actStillOpen({ id: offered.id, now });
  return {
    by: statement.by,
    params: statement.params,
    kept: offered.kept,
    evidence: { statement: offered.text, proof: JSON.stringify(proof) },
    then: [useAct({ id: offered.id, now }), recordUse],
    stillValid: {
      sql: `${open.sql} AND ${stillValid.sql}`,
      params: [...open.params, ...stillValid.params],
    },
  };
}

/** What a refused transition of a proven act means. */
export function actRefused(what: string): CountersignError {
  return new CountersignError(
    'conflict',
    `${what} Nothing was changed. Or the statement was used, or your passkey removed, in the same moment: load the page again.`,
  );
}
