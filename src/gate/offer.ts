import { scopeCovers } from '../core/scope.ts';
import type { Catalog, CatalogItem, CatalogTool } from '../downstream/catalog.ts';
import type { Session } from '../sessions/session.ts';
import type { GateDeps } from './call.ts';
import { identify } from './identify.ts';
import { isOwnResource } from './own-resources.ts';
import { isOwnTool } from './own-tools.ts';

/** A tool as a session may see it, and whether its answer can be a pending result. */
export interface OfferedTool {
  readonly tool: CatalogTool;
  readonly mayBeHeld: boolean;
}

/** What a session may use: the same scope and policy that a call meets, so that list and call cannot disagree. */
export function offeredTools(deps: GateDeps, session: Session, catalog: Catalog): OfferedTool[] {
  identify(deps, session);
  const policy = deps.policy();
  const offered: OfferedTool[] = [];
  for (const tool of catalog.tools) {
    if (tool.state !== 'active' || isOwnTool(tool.exposed)) continue;
    if (!scopeCovers(session.scope, { kind: 'tool', server: tool.server, name: tool.tool })) continue;
    const effects = policy.possibleEffects({ kind: 'tool', server: tool.server, tool: tool.tool });
    if (effects.every((effect) => effect === 'deny')) continue;
    offered.push({ tool, mayBeHeld: effects.includes('hold') });
  }
  return offered;
}

/** Resources or prompts of the catalogue that scope and policy leave open to this session. */
export function offeredItems(
  deps: GateDeps,
  session: Session,
  input: { kind: 'resource' | 'prompt'; items: readonly CatalogItem[] },
): CatalogItem[] {
  identify(deps, session);
  const policy = deps.policy();
  return input.items.filter(
    (item) =>
      !(input.kind === 'resource' && isOwnResource(item.name)) &&
      scopeCovers(session.scope, { kind: input.kind, server: item.server, name: item.name }) &&
      policy.possibleEffects({ kind: input.kind, server: item.server, tool: item.name }).includes('allow'),
  );
}
