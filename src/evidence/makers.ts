import type { Maker } from './open-approval.ts';
import type { World } from './world.ts';

/** The maker of whoever an entry says it is by, as far as the log has come. */
export function makerOf(world: World, principal: string | undefined): Maker {
  const [kind, id = ''] = (principal ?? '').split(':');
  if (kind === 'gateway') return null;
  if (kind === 'person') return principal;
  if (kind === 'session') return world.sessions.get(id)?.maker;
  if (kind === 'api_key') return world.keyMakers.get(id);
  return world.accounts.get(principal ?? '')?.maker;
}
