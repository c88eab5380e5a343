import { isCountersignError } from '../../core/errors.ts';
import { signedHeaders } from '../message.ts';
import type { EndpointDeps, Post } from '../ports.ts';
import { openKeys, type SigningKeys } from '../signing-keys.ts';
import type { StoredEndpoint } from '../store.ts';
import { answerProblem, readAnswer } from './delivery.ts';

/** What became of one attempt. */
export interface Attempt {
  readonly outcome: 'delivered' | 'gone' | 'failed';
  readonly status: number | undefined;
  /** Why it is no delivery. Names no address of this network. */
  readonly error: string | undefined;
}

/** The keys that sign now, the newest first. Those before the last rotation sign until their time is over. */
export function keysInForce(
  key: Uint8Array,
  endpoint: Pick<StoredEndpoint, 'id' | 'sealedKeys' | 'previousKeys' | 'previousUntil'>,
  now: number,
): SigningKeys[] {
  const { id, sealedKeys, previousKeys, previousUntil = 0 } = endpoint;
  const sealed = [sealedKeys, ...(previousKeys !== undefined && now < previousUntil ? [previousKeys] : [])];
  return sealed.flatMap((one) => openKeys(key, id, one) ?? []);
}

/** Sends one POST, and says what its answer means. Rejects where there is none. */
export async function attemptPost(post: Post, request: Parameters<Post>[0]): Promise<Attempt> {
  const { status } = await post(request);
  const outcome = readAnswer(status);
  return { outcome, status, error: outcome === 'delivered' ? undefined : answerProblem(status) };
}

/** What is attempted; whatever it throws is its outcome, in words without secrets. Never rejects. */
export async function settled(attempt: () => Promise<Attempt>): Promise<Attempt> {
  try {
    return await attempt();
  } catch (error) {
    const known = isCountersignError(error) ? error.message.replace(/^url: /, '') : 'it cannot be sent';
    return { outcome: 'failed', status: undefined, error: known };
  }
}

/** Signs and sends one message. Never rejects: whatever goes wrong is the attempt's outcome. */
export async function attemptDelivery(
  deps: Pick<EndpointDeps, 'key' | 'now' | 'post'>,
  endpoint: StoredEndpoint,
  message: { id: string; body: string },
): Promise<Attempt> {
  const now = deps.now();
  const keys = keysInForce(deps.key, endpoint, now);
  if (keys.length === 0)
    return { outcome: 'failed', status: undefined, error: 'its signing keys cannot be opened; rotate them' };
  const headers = signedHeaders({ ...message, timestamp: Math.floor(now / 1_000) }, keys);
  return settled(() => attemptPost(deps.post, { url: endpoint.url, headers, body: message.body }));
}
