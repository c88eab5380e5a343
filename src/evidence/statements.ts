import { canonicalize } from '../core/canonical.ts';
import { statementChallenge } from '../core/digest.ts';
import { errorText } from '../core/errors.ts';
import { isJsonObject, type JsonObject, parseStrict } from '../core/json.ts';
import type { Entry } from '../ledger/entry.ts';
import { readProof, verifyProof } from '../principals/proof/assertion.ts';
import { type KnownPerson, SLACK_MS, type World } from './world.ts';

const NONCE = /^[A-Za-z0-9_-]{43}$/;

/** Reads the text of a statement; what comes back as a text says what is wrong with it. */
export function readStatement(text: string): JsonObject | string {
  try {
    const value = parseStrict(text);
    if (!isJsonObject(value)) return 'the statement is not an object';
    return canonicalize(value) === text ? value : 'the statement is not in canonical form (RFC 8785)';
  } catch (error) {
    return `the statement is not JSON (${errorText(error)})`;
  }
}

/** The first member in which a statement is not what it must be, or undefined; it may hold no other member. */
export function statementProblem(statement: JsonObject, expected: JsonObject): string | undefined {
  for (const [member, value] of Object.entries(expected)) {
    const found = statement[member];
    if (found === undefined || canonicalize(found) !== canonicalize(value))
      return `the statement's ${member} is not that of the entry`;
  }
  const stranger = Object.keys(statement).find((member) => !Object.hasOwn(expected, member));
  return stranger === undefined ? undefined : `the statement holds ${stranger}, which says nothing here`;
}

/** Why a statement may not be used at `ts`: it has run out, or its nonce was used. Remembers the nonce when it may. */
export function useOnce(world: World, statement: JsonObject, ts: number): string | undefined {
  const { nonce, exp } = statement;
  if (typeof nonce !== 'string' || !NONCE.test(nonce)) return "the statement's nonce is not 32 bytes";
  if (typeof exp !== 'number' || !Number.isSafeInteger(exp)) return "the statement's exp is not a time";
  const endsAt = exp * 1000;
  if (ts > endsAt + SLACK_MS) return 'the statement had run out';
  if (world.nonces.has(nonce)) return 'the statement was used before';
  world.nonces.set(nonce, endsAt);
  return undefined;
}

/** Why a proof is not by one of the person's own passkeys over this statement, or undefined. */
function passkeyProblem(
  person: KnownPerson,
  signed: { statement: string; proof: string },
): string | undefined {
  const proof = readProof(signed.proof);
  if (proof === undefined) return 'the proof is not JSON';
  const passkey = person.passkeys.get(String(proof.credential_id));
  if (passkey === undefined) return `the proof names no passkey of ${person.name}`;
  const proven = verifyProof({
    challenge: statementChallenge(signed.statement),
    proof,
    party: { kind: 'passkey', ...passkey },
  });
  return proven.ok ? undefined : `the proof is refused: ${proven.reason}`;
}

/**
 * Why an entry is not a signed act of its own principal, or undefined: `params` must be exactly what was signed, and a
 * person who is enrolled at this point must have signed it with a passkey of their own.
 */
export function actProblem(
  world: World,
  entry: Entry,
  signed: { act: string; params: JsonObject },
): string | undefined {
  const by = entry.ref.principal ?? '';
  const person = world.people.get(by);
  if (person === undefined) return `${by || 'nobody'} is not enrolled at this point`;
  const { statement, proof } = entry.body;
  if (typeof statement !== 'string' || typeof proof !== 'string') return 'it is not signed';
  const value = readStatement(statement);
  if (typeof value === 'string') return value;
  const expected: JsonObject = {
    typ: 'act-statement/v1',
    log: world.log,
    act: signed.act,
    by,
    params: signed.params,
    nonce: value.nonce ?? null,
    exp: value.exp ?? null,
  };
  return (
    statementProblem(value, expected) ??
    useOnce(world, value, entry.ts) ??
    passkeyProblem(person, { statement, proof })
  );
}
