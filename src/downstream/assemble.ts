import { escapeToAscii } from '../core/ascii.ts';
import type { Catalog, CatalogTool, ServerStatus } from './catalog.ts';
import type { Offer } from './list.ts';
import { exposedName, nameProblem } from './name.ts';
import { type Pin, pinState, refusalOf } from './pin.ts';
import type { ServerConfig } from './server-config.ts';

/** One server as its supervisor sees it now. */
export interface ServerView {
  readonly config: ServerConfig;
  readonly offer: Offer;
  readonly pins: ReadonlyMap<string, Pin>;
  readonly status: Omit<ServerStatus, 'tools' | 'quarantined' | 'refused'>;
}

/** One exposed name that several tools claim. None of them is available while that lasts. */
export interface Collision {
  readonly exposed: string;
  readonly claims: readonly { readonly server: string; readonly tool: string }[];
}

function toolsOf({ config, offer, pins }: ServerView): { tools: CatalogTool[]; unnamed: string[] } {
  const tools: CatalogTool[] = [];
  const unnamed: string[] = [];
  for (const sighting of offer.tools) {
    const { tool, definition, hash } = sighting;
    const exposed = exposedName({ prefix: config.prefix, tool });
    if (exposed === undefined) unnamed.push(tool);
    else {
      const pin = pins.get(tool);
      const state = pinState(sighting, pin);
      const refusal = refusalOf(sighting, pin);
      tools.push({
        server: config.name,
        tool,
        exposed,
        definition: { ...definition, name: exposed },
        hash,
        state,
        ...(refusal === undefined ? {} : { refusal }),
      });
    }
  }
  return { tools, unnamed };
}

function findCollisions(tools: readonly CatalogTool[]): Map<string, Collision> {
  const claims = new Map<string, CatalogTool[]>();
  for (const tool of tools) {
    const others = claims.get(tool.exposed);
    if (others === undefined) claims.set(tool.exposed, [tool]);
    else others.push(tool);
  }
  const collisions = new Map<string, Collision>();
  for (const [exposed, claimants] of claims) {
    if (claimants.length > 1) {
      collisions.set(exposed, { exposed, claims: claimants.map(({ server, tool }) => ({ server, tool })) });
    }
  }
  return collisions;
}

/** What to tell about a collision: who claims the name, and how it is resolved. */
export function collisionText({ exposed, claims }: Collision): string {
  const who = claims.map(({ server, tool }) => `"${server}" (${tool})`).join(' and ');
  return `the tool name "${exposed}" is claimed by ${who}; set a different "prefix" for one of these servers`;
}

/** What to tell about tools that have no name for agents. */
function unnamedText(unnamed: readonly string[], prefix: string | undefined): string {
  const many = `${unnamed.length} of its tools`;
  if (prefix === undefined) return `${many} have names that MCP does not allow; set "prefix" to expose them`;
  const named = unnamed.slice(0, 5).map((tool) => `"${escapeToAscii(tool)}" (${nameProblem(tool)})`);
  return `${many} are left out, since nobody could tell their names by looking at them: ${named.join(', ')}`;
}

function problemOf(
  view: ServerView,
  { unnamed, collisions }: { unnamed: readonly string[]; collisions: readonly Collision[] },
) {
  const problems = view.status.problem === undefined ? [] : [view.status.problem];
  if (unnamed.length > 0) problems.push(unnamedText(unnamed, view.config.prefix));
  const { unreadable } = view.offer;
  if (unreadable.length > 0) {
    problems.push(
      `${unreadable.length} of its tools are left out, since clients refuse every list with such a definition: ${unreadable.slice(0, 5).join(', ')}`,
    );
  }
  const mine = collisions.filter(({ claims }) => claims.some(({ server }) => server === view.config.name));
  if (mine[0] !== undefined) {
    problems.push(`${mine.length} of its tools are unavailable: ${collisionText(mine[0])}`);
  }
  return problems.length === 0 ? undefined : problems.join('; ');
}

/**
 * The catalogue of all servers, in the order of their names and then of their tools' names. A tool whose exposed
 * name is claimed twice is listed as quarantined, unless it is refused, and cannot be reached by that name.
 */
export function assembleCatalog(
  views: readonly ServerView[],
  version: number,
): { catalog: Catalog; collisions: Collision[] } {
  const sorted = [...views].sort((a, b) => (a.config.name < b.config.name ? -1 : 1));
  const perServer = sorted.map((view) => ({ view, ...toolsOf(view) }));
  const found = findCollisions(perServer.flatMap(({ tools }) => tools));
  const collisions = [...found.values()];
  const decided = perServer.map(({ view, tools, unnamed }) => {
    const settled = tools.map((tool) =>
      tool.state === 'active' && found.has(tool.exposed) ? { ...tool, state: 'quarantined' as const } : tool,
    );
    const count = (wanted: CatalogTool['state']) => settled.filter(({ state }) => state === wanted).length;
    const status: ServerStatus = {
      ...view.status,
      tools: count('active'),
      quarantined: count('quarantined'),
      refused: count('refused'),
      problem: problemOf(view, { unnamed, collisions }),
    };
    return { tools: settled, status };
  });
  const tools = decided.flatMap((server) => server.tools);
  const catalog: Catalog = {
    version,
    tools,
    byExposed: new Map(
      tools.filter(({ exposed }) => !found.has(exposed)).map((tool) => [tool.exposed, tool]),
    ),
    resources: sorted.flatMap(({ offer }) => offer.resources),
    resourceTemplates: sorted.flatMap(({ offer }) => offer.resourceTemplates),
    prompts: sorted.flatMap(({ offer }) => offer.prompts),
    servers: decided.map(({ status }) => status),
  };
  return { catalog, collisions };
}
