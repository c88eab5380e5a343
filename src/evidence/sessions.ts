import { countOf, shapeProblem, textOf, textsOf } from './members.ts';
import { type Rule, SLACK_MS } from './world.ts';

const SHAPE = { session: 'text', subject: 'text', scope: 'texts', expires_at: 'count' } as const;

/** `session.minted`. */
export const minted: Rule = (world, { body, ref }) => {
  const problem = shapeProblem(body, SHAPE);
  if (problem !== undefined) return problem;
  const id = textOf(body, 'session');
  if (ref.session !== id) return 'it is about another session than its ref';
  world.sessions.set(id, countOf(body, 'expires_at'));
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
  const endsAt = world.sessions.get(parent);
  if (endsAt === undefined || ts > endsAt + SLACK_MS) return `session:${parent} had ended`;
  const expiresAt = countOf(body, 'expires_at');
  if (expiresAt > endsAt) return 'it lasts longer than the session that it was narrowed from';
  world.sessions.set(id, expiresAt);
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
