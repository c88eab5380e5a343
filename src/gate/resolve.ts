import { CountersignError } from '../core/errors.ts';
import type { Catalog, CatalogItem, CatalogTool } from '../downstream/catalog.ts';

/** Finds the tool behind an exposed name by structured lookup; names are never split. Throws `not_found`. */
export function resolveTool(catalog: Catalog, exposed: string): CatalogTool {
  const tool = catalog.byExposed.get(exposed);
  if (tool === undefined) throw unknownTool(exposed);
  return tool;
}

/** The same words for a tool that does not exist and for one outside the session's scope. */
export function unknownTool(exposed: string): CountersignError {
  return new CountersignError(
    'not_found',
    `Unknown tool: ${exposed}. List the tools to see which this session may call.`,
  );
}

/** Finds the server that offers a resource URI, by exact match first and then by template prefix. */
export function resolveResource(catalog: Catalog, uri: string): CatalogItem {
  const exact = catalog.resources.find((resource) => resource.name === uri);
  if (exact !== undefined) return exact;
  const template = catalog.resourceTemplates.find((one) => templateCovers(one.name, uri));
  if (template === undefined)
    throw new CountersignError('not_found', 'Resource not found. List the resources to see which exist.');
  return { ...template, name: uri };
}

function templateCovers(template: string, uri: string): boolean {
  const brace = template.indexOf('{');
  return brace > 0 && uri.startsWith(template.slice(0, brace)) && !uri.includes('{');
}

export function resolvePrompt(catalog: Catalog, name: string): CatalogItem {
  const prompt = catalog.prompts.find((one) => one.name === name);
  if (prompt === undefined)
    throw new CountersignError('not_found', `Unknown prompt: ${name}. List the prompts to see which exist.`);
  return prompt;
}
