import { CountersignError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import {
  type Endpoint,
  endpointEntry,
  hostOf,
  parseAddress,
  parseDescription,
  parseEvents,
  parseOverlap,
  unknownEndpoint,
} from './endpoint.ts';
import type { EndpointDeps } from './ports.ts';
import { newSigningKeys, publicKeyText, sealKeys, secretText } from './signing-keys.ts';
import {
  allEndpoints,
  endpointById,
  eraseEndpoint,
  insertEndpoint,
  retireEndpoint,
  rotateEndpoint,
  type StoredEndpoint,
  updateEndpoint,
} from './store.ts';

export interface NewEndpoint {
  readonly url: string;
  /** Every type when left out. */
  readonly events?: readonly string[] | undefined;
  readonly description?: string | undefined;
  readonly by: string;
}

export interface EndpointChange {
  readonly url?: string | undefined;
  readonly events?: readonly string[] | undefined;
  readonly description?: string | undefined;
  readonly enabled?: boolean | undefined;
}

/** `secret` is `whsec_…`; it is returned here and never again. */
export interface WithSecret {
  readonly endpoint: Endpoint;
  readonly secret: string;
}

/** Throws `not_found`. */
export async function getEndpoint(
  deps: Pick<EndpointDeps, 'database' | 'workspace'>,
  id: string,
): Promise<StoredEndpoint> {
  const endpoint = await endpointById(deps.database, { id, workspace: deps.workspace });
  if (endpoint === undefined) throw unknownEndpoint();
  return endpoint;
}

/** Every endpoint, oldest first. */
export function listEndpoints(deps: Pick<EndpointDeps, 'database' | 'workspace'>): Promise<Endpoint[]> {
  return allEndpoints(deps.database, deps.workspace);
}

/**
 * Adds an endpoint, which is told of what happens from now on. Throws `invalid_request` for an address that is not
 * public https, and `conflict` when there are `LIMITS.webhooks` of them.
 */
export async function addEndpoint(deps: EndpointDeps, input: NewEndpoint): Promise<WithSecret> {
  const url = parseAddress(input.url);
  const events = parseEvents(input.events);
  const description = parseDescription(input.description);
  await deps.checkAddress(url);
  const id = deps.newId('whk');
  const keys = newSigningKeys(deps.random);
  const added = await deps.ledger.commit({
    guard: insertEndpoint({
      id,
      workspace: deps.workspace,
      url,
      events,
      description,
      publicKey: publicKeyText(keys),
      sealedKeys: sealKeys(deps, id, keys),
      from: deps.ledger.head().size,
      createdBy: input.by,
      at: deps.now(),
      most: LIMITS.webhooks,
    }),
    entries: [
      endpointEntry('webhook.created', { id, by: input.by }, { host: hostOf(url), events: [...events] }),
    ],
  });
  if (added.kind === 'refused') {
    const message = `There are ${LIMITS.webhooks} webhooks already. Remove one that is not needed any more first.`;
    throw new CountersignError('conflict', message);
  }
  deps.onChanged();
  return { endpoint: await getEndpoint(deps, id), secret: secretText(keys) };
}

/**
 * Changes what is named. An endpoint that is switched on again is told of what happens from then on, after what was
 * waiting for it. Throws `not_found` and `invalid_request`.
 */
export async function changeEndpoint(
  deps: EndpointDeps,
  { id, by, change }: { id: string; by: string; change: EndpointChange },
): Promise<Endpoint> {
  await getEndpoint(deps, id);
  const url = change.url === undefined ? undefined : parseAddress(change.url);
  const events = change.events === undefined ? undefined : parseEvents(change.events);
  const description = change.description === undefined ? undefined : parseDescription(change.description);
  const { enabled } = change;
  if (url !== undefined) await deps.checkAddress(url);
  const from = deps.ledger.head().size;
  const body = {
    ...(url === undefined ? {} : { host: hostOf(url) }),
    ...(events === undefined ? {} : { events: [...events] }),
    ...(enabled === undefined ? {} : { enabled }),
  };
  await deps.ledger.commit({
    guard: updateEndpoint(
      { id, workspace: deps.workspace },
      { url, events, description, enabled, reason: 'requested', from },
    ),
    entries: [endpointEntry('webhook.changed', { id, by }, body)],
  });
  deps.onChanged();
  return getEndpoint(deps, id);
}

/**
 * Gives an endpoint new keys. Messages are signed with the ones before too, until `overlapMs` is over. Throws
 * `not_found`, `invalid_request`, and `conflict` when somebody else has just rotated them.
 */
export async function rotateKeys(
  deps: EndpointDeps,
  { id, by, overlapMs }: { id: string; by: string; overlapMs?: number | undefined },
): Promise<WithSecret> {
  const overlap = parseOverlap(overlapMs);
  const before = await getEndpoint(deps, id);
  const keys = newSigningKeys(deps.random);
  const rotated = await deps.ledger.commit({
    guard: rotateEndpoint(
      { id, workspace: deps.workspace },
      {
        sealed: sealKeys(deps, id, keys),
        publicKey: publicKeyText(keys),
        before: before.sealedKeys,
        previousUntil: deps.now() + overlap,
      },
    ),
    entries: [endpointEntry('webhook.changed', { id, by }, { rotated: true })],
  });
  if (rotated.kind === 'refused') {
    const message =
      'Somebody else has just rotated the keys of this webhook. Look at it before you try again.';
    throw new CountersignError('conflict', message);
  }
  deps.onChanged();
  return { endpoint: await getEndpoint(deps, id), secret: secretText(keys) };
}

/** Removes an endpoint with its keys and deliveries; what waits for it is not sent any more. Throws `not_found`. */
export async function removeEndpoint(
  deps: EndpointDeps,
  { id, by }: { id: string; by: string },
): Promise<void> {
  const removed = await deps.ledger.commit({
    guard: retireEndpoint({ id, workspace: deps.workspace }),
    then: eraseEndpoint(id),
    entries: [endpointEntry('webhook.removed', { id, by }, {})],
    erases: true,
  });
  if (removed.kind === 'refused') throw unknownEndpoint();
  deps.onChanged();
}
