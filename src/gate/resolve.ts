import { CountersignError } from '../core/errors.ts';
import type { Catalog, CatalogItem, CatalogTool } from '../downstream/catalog.ts';
import { isOwnResource } from './own-resources.ts';
import { isOwnTool } from './own-tools.ts';

const SHOWN_CHARACTERS = 100;

/** Finds the tool behind an exposed name by structured lookup; names are never split. Throws `not_found`. */
export function resolveTool(catalog: Catalog, exposed: string): CatalogTool {
  const tool = isOwnTool(exposed) ? undefined : catalog.byExposed.get(exposed);
  if (tool === undefined) throw unknownTool(exposed);
  return tool;
}

/** The same words for a tool that does not exist and for one outside the session's scope. */
export function unknownTool(exposed: string): CountersignError {
  return new CountersignError(
    'not_found',
    `Unknown tool: ${exposed.slice(0, SHOWN_CHARACTERS)}. List the tools to see which this session may call.`,
  );
}

/** Finds the server that offers a resource URI, by exact match first and then by template prefix. Throws `not_found`. */
export function resolveResource(catalog: Catalog, uri: string): CatalogItem {
  if (isOwnResource(uri)) throw unknownResource(uri);
  const exact = catalog.resources.find((resource) => resource.name === uri);
  if (exact !== undefined) return exact;
  const template = catalog.resourceTemplates.find((one) => templateCovers(one.name, uri));
  if (template === undefined) throw unknownResource(uri);
  return { ...template, name: uri };
}

/** The same words for a resource that does not exist and for one outside the session's scope. */
export function unknownResource(uri: string): CountersignError {
  return new CountersignError(
    'not_found',
    `Unknown resource: ${uri.slice(0, SHOWN_CHARACTERS)}. List the resources and their templates to see which this session may read.`,
  );
}

function templateCovers(template: string, uri: string): boolean {
  const brace = template.indexOf('{');
  return brace > 0 && uri.startsWith(template.slice(0, brace)) && !uri.includes('{');
}

/** Throws `not_found`. */
export function resolvePrompt(catalog: Catalog, name: string): CatalogItem {
  const prompt = catalog.prompts.find((one) => one.name === name);
  if (prompt === undefined) throw unknownPrompt(name);
  return prompt;
}

/** The same words for a prompt that does not exist and for one outside the session's scope. */
export function unknownPrompt(name: string): CountersignError {
  return new CountersignError(
    'not_found',
    `Unknown prompt: ${name.slice(0, SHOWN_CHARACTERS)}. List the prompts to see which this session may get.`,
  );
}
