import { makerOf } from './makers.ts';
import { countOf, shapeProblem, textOf, textsOf } from './members.ts';
import { type LiveSession, type Rule, SLACK_MS, type World } from './world.ts';

const SHAPE = { session: 'text', subject: 'text', scope: 'texts', expires_at: 'count' } as const;

/** A session that is in force at this point; what has run out is not, whether or not it is forgotten yet. */
function sessionAt(world: World, id: string, ts: number): LiveSession | undefined {
  const found = world.sessions.get(id);
  return found === undefined || ts > found.endsAt + SLACK_MS ? undefined : found;
}

const LIVES_ALREADY = 'a session with this id lives already';

/** `session.minted`: under an id that no live session has. */
export const minted: Rule = (world, { body, ref, ts }) => {
  const problem = shapeProblem(body, SHAPE);
  if (problem !== undefined) return problem;
  const id = textOf(body, 'session');
  if (ref.session !== id) return 'it is about another session than its ref';
  if (sessionAt(world, id, ts) !== undefined) return LIVES_ALREADY;
  const maker = makerOf(world, ref.principal);
  world.sessions.set(id, { endsAt: countOf(body, 'expires_at'), maker });
  return undefined;
};

/** `session.narrowed`: from a session that is alive, and not beyond its end. */
export const narrowed: Rule = (world, { body, ref, ts }) => {
  const problem = shapeProblem(body, { ...SHAPE, ancestors: 'texts' });
  if (problem !== undefined) return problem;
  const id = textOf(body, 'session');
  if (ref.session !== id) return 'it is about another session than its ref';
  const parent = textsOf(body, 'ancestors').at(-1) ?? '';
  if (ref.principal !== `session:${parent}`) return 'it is not by the session that it was narrowed from';
  if (sessionAt(world, id, ts) !== undefined) return LIVES_ALREADY;
  const from = sessionAt(world, parent, ts);
  if (from === undefined) return `session:${parent} had ended`;
  const endsAt = countOf(body, 'expires_at');
  if (endsAt > from.endsAt) return 'it lasts longer than the session that it was narrowed from';
  world.sessions.set(id, { endsAt, maker: from.maker });
  return undefined;
};

/** `session.revoked`: with every session that was narrowed from it. */
export const sessionRevoked: Rule = (world, { body, ref }) => {
  const problem = shapeProblem(body, { descendants: 'texts?' });
  if (problem !== undefined) return problem;
  if (ref.session === undefined) return 'it does not say which session';
  const descendants = body.descendants === undefined ? [] : textsOf(body, 'descendants');
  for (const id of [ref.session, ...descendants]) world.sessions.delete(id);
  return undefined;
};
