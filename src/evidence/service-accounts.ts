import { canonicalize } from '../core/canonical.ts';
import { isCountersignError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { parsePublicKey } from '../principals/service-account.ts';
import { makerOf } from './makers.ts';
import { objectOf, shapeProblem, textOf, textsOf } from './members.ts';
import { actProblem } from './statements.ts';
import type { Rule } from './world.ts';

function isPublicKey(jwk: JsonObject): boolean {
  try {
    return parsePublicKey(jwk) === canonicalize(jwk);
  } catch (error) {
    if (isCountersignError(error)) return false;
    throw error;
  }
}

/** `service_account.created`: signed by an enrolled person. */
export const accountCreated: Rule = (world, entry) => {
  const { body } = entry;
  const shape = { service_account: 'text', name: 'text', groups: 'texts', public_key: 'object' } as const;
  const problem = shapeProblem(body, shape);
  if (problem !== undefined) return problem;
  const id = textOf(body, 'service_account');
  const ref = `service_account:${id}`;
  if (world.accounts.has(ref)) return 'this service account exists already';
  const key = objectOf(body, 'public_key');
  if (!isPublicKey(key)) return 'its public key is not that of Ed25519 or P-256';
  const name = textOf(body, 'name');
  const groups = textsOf(body, 'groups');
  const params = { name, groups: [...groups], public_key: key };
  const reason = actProblem(world, entry, { act: 'service_account.create', params });
  const maker = makerOf(world, entry.ref.principal);
  if (reason === undefined)
    world.accounts.set(ref, { id, name, groups, publicKey: canonicalize(key), maker });
  return reason;
};

/** `service_account.removed`: signed by an enrolled person. */
export const accountRemoved: Rule = (world, entry) => {
  const problem = shapeProblem(entry.body, { service_account: 'text' });
  if (problem !== undefined) return problem;
  const id = textOf(entry.body, 'service_account');
  const ref = `service_account:${id}`;
  if (!world.accounts.has(ref)) return `${ref} does not exist at this point`;
  const params = { service_account: id };
  const reason = actProblem(world, entry, { act: 'service_account.remove', params });
  if (reason === undefined) world.accounts.delete(ref);
  return reason;
};
