import { makerOf } from './makers.ts';
import { shapeProblem, textOf, textsOf } from './members.ts';
import { actProblem } from './statements.ts';
import type { Rule } from './world.ts';

/** What only a key that a person has made carries. */
const SIGNED_MEMBERS = ['hash', 'statement', 'proof'] as const;

/** Why a key that a person has made is not what they signed for. */
const signedProblem: Rule = (world, entry) => {
  const { body, ref } = entry;
  const isSigned = SIGNED_MEMBERS.some((member) => body[member] !== undefined);
  if (!isSigned && ref.principal?.startsWith('person:') !== true) return undefined;
  const shape = { key: 'text', name: 'text', roles: 'texts', hint: 'text', hash: 'commitment' } as const;
  const problem = shapeProblem(body, shape);
  if (problem !== undefined) return problem;
  const params = {
    name: textOf(body, 'name'),
    roles: [...textsOf(body, 'roles')],
    hint: textOf(body, 'hint'),
    hash: textOf(body, 'hash'),
  };
  return actProblem(world, entry, { act: 'key.create', params });
};

/** `key.created`: under a new id, and signed when it is by a person. The gateway and other keys sign nothing. */
export const keyMade: Rule = (world, entry) => {
  const problem = signedProblem(world, entry) ?? shapeProblem(entry.body, { key: 'text' });
  if (problem !== undefined) return problem;
  const id = textOf(entry.body, 'key');
  if (world.keyMakers.has(id)) return 'an API key has this id already';
  world.keyMakers.set(id, makerOf(world, entry.ref.principal));
  return undefined;
};
