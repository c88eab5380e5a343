import { CountersignError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import { definitionHash } from '../core/tool-definition.ts';
import type { CatalogItem } from './catalog.ts';
import type { Link, ListKind } from './link.ts';
import { failureOf, ownRequest } from './own-request.ts';
import type { Sighting } from './pin.ts';
import { isReadablePrompt, isReadableResource, unreadableMember } from './readable.ts';

/** Everything that one server offers, as it says so now. Each list has one entry per name, sorted by it. */
export interface Offer {
  readonly tools: readonly Sighting[];
  readonly resources: readonly CatalogItem[];
  readonly resourceTemplates: readonly CatalogItem[];
  readonly prompts: readonly CatalogItem[];
  /** Tools that are left out, since no client could read them, each with where its definition is wrong. */
  readonly unreadable: readonly string[];
}

export const EMPTY_OFFER: Offer = {
  tools: [],
  resources: [],
  resourceTemplates: [],
  prompts: [],
  unreadable: [],
};

const METHOD_NOT_FOUND = -32601;

function failed(method: string, reason: string): never {
  throw new CountersignError('downstream_unavailable', `${method} failed: ${reason}`);
}

async function page(link: Link, method: string, cursor: string | undefined): Promise<JsonObject | undefined> {
  const outcome = await ownRequest(link, {
    method,
    params: cursor === undefined ? {} : { cursor },
    timeoutMs: LIMITS.downstreamConnectTimeoutMs,
  });
  if (outcome.kind === 'result') return JSON.parse(outcome.raw) as JsonObject;
  const isUnknown =
    outcome.kind === 'error' && (JSON.parse(outcome.raw) as JsonObject).code === METHOD_NOT_FOUND;
  return isUnknown ? undefined : failed(method, failureOf(outcome) ?? '');
}

/** Follows a paginated list to its end. A server without the method has an empty list. */
async function readAll(link: Link, { method, member, key }: { method: string; member: string; key: string }) {
  const items = new Map<string, JsonObject>();
  const cursors = new Set<string>();
  let cursor: string | undefined;
  do {
    const result = await page(link, method, cursor);
    if (result === undefined) break;
    const list = result[member];
    if (!Array.isArray(list)) return failed(method, `its answer has no list "${member}"`);
    for (const item of list) {
      const name = isJsonObject(item) ? item[key] : undefined;
      if (!isJsonObject(item) || typeof name !== 'string') return failed(method, `an item has no "${key}"`);
      if (!items.has(name)) items.set(name, item);
    }
    if (items.size > LIMITS.toolsPerServer)
      return failed(method, `it lists more than ${LIMITS.toolsPerServer} items`);
    cursor = typeof result.nextCursor === 'string' ? result.nextCursor : undefined;
    if (cursor !== undefined) {
      if (cursors.has(cursor) || cursors.size >= LIMITS.downstreamListPages)
        return failed(method, 'its pages do not end');
      cursors.add(cursor);
    }
  } while (cursor !== undefined);
  return [...items].sort(([a], [b]) => (a < b ? -1 : 1));
}

function offers(link: Link, list: ListKind): boolean {
  return isJsonObject(link.capabilities[list]);
}

async function readTools(link: Link): Promise<Pick<Offer, 'tools' | 'unreadable'>> {
  const items = await readAll(link, { method: 'tools/list', member: 'tools', key: 'name' });
  const tools: Sighting[] = [];
  const unreadable: string[] = [];
  for (const [tool, definition] of items) {
    const wrong = unreadableMember(definition);
    if (wrong === undefined) tools.push({ tool, definition, hash: definitionHash(definition) });
    else unreadable.push(`${tool} (${wrong})`);
  }
  return { tools, unreadable };
}

async function readItems(
  link: Link,
  server: string,
  list: { method: string; member: string; key: string; isReadable: (definition: JsonObject) => boolean },
): Promise<CatalogItem[]> {
  const items = await readAll(link, list);
  return items
    .filter(([, definition]) => list.isReadable(definition))
    .map(([name, definition]) => ({ server, name, definition }));
}

/**
 * Reads the named lists of a server, all pages of each, and keeps the others from `before`. Definitions are the
 * server's own objects; one that no client could read is left out. Rejects with `downstream_unavailable` when a list cannot be read whole.
 */
export async function readOffer(input: {
  link: Link;
  server: string;
  lists: ReadonlySet<ListKind>;
  before: Offer;
}): Promise<Offer> {
  const { link, server, lists, before } = input;
  const wants = (list: ListKind) => lists.has(list) && offers(link, list);
  const [{ tools, unreadable }, resources, resourceTemplates, prompts] = await Promise.all([
    wants('tools') ? readTools(link) : before,
    wants('resources')
      ? readItems(link, server, {
          method: 'resources/list',
          member: 'resources',
          key: 'uri',
          isReadable: isReadableResource,
        })
      : before.resources,
    wants('resources')
      ? readItems(link, server, {
          method: 'resources/templates/list',
          member: 'resourceTemplates',
          key: 'uriTemplate',
          isReadable: isReadableResource,
        })
      : before.resourceTemplates,
    wants('prompts')
      ? readItems(link, server, {
          method: 'prompts/list',
          member: 'prompts',
          key: 'name',
          isReadable: isReadablePrompt,
        })
      : before.prompts,
  ]);
  return { tools, resources, resourceTemplates, prompts, unreadable };
}
