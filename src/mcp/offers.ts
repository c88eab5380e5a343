import { CountersignError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Catalog, CatalogItem } from '../downstream/catalog.ts';
import type { GateDeps, GateOutcome } from '../gate/call.ts';
import { offeredItems } from '../gate/offer.ts';
import { readThrough } from '../gate/read.ts';
import { resolvePrompt, resolveResource } from '../gate/resolve.ts';
import type { Session } from '../sessions/session.ts';
import type { Way } from './relay/relay.ts';
import { forwardedMeta, type McpRequest, textParam } from './request.ts';

type Kind = 'resource' | 'prompt';

function list(
  deps: GateDeps,
  session: Session,
  input: { member: string; kind: Kind; items: readonly CatalogItem[] },
): string {
  const { member, kind, items } = input;
  const offered = offeredItems(deps, session, { kind, items });
  return JSON.stringify({ [member]: offered.map((item) => item.definition) });
}

/** The text of a `resources/list` result: what scope and policy leave open to this session. */
export function listResources(deps: GateDeps, session: Session): string {
  const items = deps.downstreams.catalog().resources;
  return list(deps, session, { member: 'resources', kind: 'resource', items });
}

/** The text of a `resources/templates/list` result. */
export function listTemplates(deps: GateDeps, session: Session): string {
  const items = deps.downstreams.catalog().resourceTemplates;
  return list(deps, session, { member: 'resourceTemplates', kind: 'resource', items });
}

/** The text of a `prompts/list` result. */
export function listPrompts(deps: GateDeps, session: Session): string {
  const items = deps.downstreams.catalog().prompts;
  return list(deps, session, { member: 'prompts', kind: 'prompt', items });
}

/** Of the request, only the members that the protocol gives it travel on: nothing that nobody judged. */
function through(
  deps: GateDeps,
  request: McpRequest,
  target: { kind: Kind; item: CatalogItem; members: readonly string[]; way: Way },
): Promise<GateOutcome> {
  const { kind, item, members, way } = target;
  const params: JsonObject = {};
  for (const member of members) {
    const value = request.params[member];
    if (value !== undefined) params[member] = value;
  }
  const { session, method } = request;
  const { onProgress, signal, client, retry } = way;
  const meta = forwardedMeta(request.params);
  return readThrough(deps, { session, kind, item, method, params, meta, onProgress, signal, client, retry });
}

/** `resources/read`. Throws `invalid_request`, `not_found`, `denied_by_policy`. */
export function readResource(deps: GateDeps, request: McpRequest, way: Way): Promise<GateOutcome> {
  const item = resolveResource(
    deps.downstreams.catalog(),
    textParam(request.params, 'uri', 'the URI of a resource'),
  );
  return through(deps, request, { kind: 'resource', item, members: ['uri'], way });
}

/** `prompts/get`. Throws `invalid_request`, `not_found`, `denied_by_policy`. */
export function getPrompt(deps: GateDeps, request: McpRequest, way: Way): Promise<GateOutcome> {
  const item = resolvePrompt(
    deps.downstreams.catalog(),
    textParam(request.params, 'name', 'the name of a prompt'),
  );
  return through(deps, request, { kind: 'prompt', item, members: ['name', 'arguments'], way });
}

function completionTarget(catalog: Catalog, params: JsonObject): { kind: Kind; item: CatalogItem } {
  const ref = isJsonObject(params.ref) ? params.ref : {};
  if (ref.type === 'ref/prompt' && typeof ref.name === 'string')
    return { kind: 'prompt', item: resolvePrompt(catalog, ref.name) };
  const template = catalog.resourceTemplates.find((one) => one.name === ref.uri);
  if (ref.type === 'ref/resource' && template !== undefined) return { kind: 'resource', item: template };
  throw new CountersignError(
    'invalid_request',
    'params.ref: expected {"type":"ref/prompt","name":…} or {"type":"ref/resource","uri":…} of a listed prompt or template',
  );
}

/** `completion/complete`, judged as a read of what it completes. Throws `invalid_request`, `not_found`, `denied_by_policy`. */
export async function complete(deps: GateDeps, request: McpRequest): Promise<GateOutcome> {
  const target = completionTarget(deps.downstreams.catalog(), request.params);
  const { onProgress, signal } = request;
  return through(deps, request, {
    ...target,
    members: ['ref', 'argument', 'context'],
    way: { onProgress, signal },
  });
}
