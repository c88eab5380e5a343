import type { SessionNode } from '../../../sdk/session-tree.ts';
import type { MintInput, Session } from '../../../sdk/sessions.ts';
import { termsFrom } from './connection.ts';

/** Which sessions the list shows. */
export interface SessionChoice {
  readonly state: Session['state'] | undefined;
  readonly subject: string;
}

const STATES: readonly Session['state'][] = ['active', 'expired', 'revoked'];

/** The choice that an address makes: those in force, unless it says otherwise; `state=all` is every one. */
export function readSessionChoice(query: string): SessionChoice {
  const given = new URLSearchParams(query);
  const state = given.get('state');
  return {
    state: state === 'all' ? undefined : (STATES.find((one) => one === state) ?? 'active'),
    subject: given.get('subject') ?? '',
  };
}

/** The address of a choice. */
export function sessionAddress({ state, subject }: SessionChoice): string {
  const query = new URLSearchParams();
  if (state !== 'active') query.set('state', state ?? 'all');
  if (subject !== '') query.set('subject', subject);
  return query.size === 0 ? '/sessions' : `/sessions?${query}`;
}

/** `12 of 50 calls`, `1 call`. */
export function callsText({ calls, callCap }: Pick<Session, 'calls' | 'callCap'>): string {
  if (callCap !== null) return `${calls} of ${callCap} calls`;
  return `${calls} ${calls === 1 ? 'call' : 'calls'}`;
}

/** How many sessions stand below this one. */
export function countBelow({ children }: SessionNode): number {
  return children.reduce((sum, child) => sum + 1 + countBelow(child), 0);
}

/** The sessions as trees; newest first, and below each the older first. */
export function newestFirst(trees: readonly SessionNode[]): SessionNode[] {
  return [...trees].reverse();
}

/** What is asked for by a filled-in form: the terms, and `cap`. Throws an `Error` that names the field. */
export function mintInputFrom(tools: readonly string[], form: FormData): MintInput {
  const cap = String(form.get('cap') ?? '').trim();
  const callCap = cap === '' ? undefined : Number(cap);
  if (callCap !== undefined && (!/^\d+$/.test(cap) || !Number.isSafeInteger(callCap) || callCap < 1))
    throw new Error(`Calls at most: expected a whole number of at least 1, or nothing, but got "${cap}".`);
  return { ...termsFrom(tools, form), callCap };
}
