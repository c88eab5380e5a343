import { canonicalize } from '../../../core/canonical.ts';
import type { JsonObject } from '../../../core/json.ts';
import type { JsonChange } from '../../../core/json-diff.ts';
import { diffWords, type Stretch } from '../../../core/word-diff.ts';
import type { Server, ServerTool } from '../../../sdk/servers.ts';
import { changesOf, hasDrifted, offeredDefinition } from '../../../sdk/tool-change.ts';
import { escapeText } from './escape.ts';
import { sha256Hex } from './verify-statement.ts';

export const ERA_WORDS: Readonly<Record<NonNullable<Server['era']>, string>> = {
  legacy: 'MCP until 2025-11-25',
  modern: 'MCP 2026-07-28',
};

/** A difference as it is shown: both texts in full, and word by word where both are texts that have something alike. */
export interface ShownChange {
  /** A JSON Pointer (RFC 6901); empty is the whole. */
  readonly at: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly words: readonly Stretch[] | undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value, null, 2) : JSON.stringify(value);
}

function shownChange(change: JsonChange): ShownChange {
  const { at, before, after } = change;
  const words =
    typeof before === 'string' && typeof after === 'string' ? diffWords({ before, after }) : undefined;
  return {
    at,
    before: 'before' in change ? textOf(before) : undefined,
    after: 'after' in change ? textOf(after) : undefined,
    words: words?.some(({ kind }) => kind === 'same') ? words : undefined,
  };
}

/** Every difference between the accepted definition and the one on offer. */
export function shownChanges(tool: ServerTool): ShownChange[] {
  return changesOf(tool).map(shownChange);
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [key, ...textsIn(member)]);
}

/** How many characters of what is on offer hide themselves or reorder what stands around them. */
export function hiddenCount(tool: ServerTool): number {
  const text = textsIn(offeredDefinition(tool))
    .join('')
    .replaceAll(/[\n\t\r⟦⟧]/g, '');
  return escapeText(text, true).match(/⟦U\+/g)?.length ?? 0;
}

/** The hash of the definition that is on the page, computed here. */
export async function shownHash(tool: ServerTool): Promise<string> {
  return `sha256:${await sha256Hex(canonicalize(offeredDefinition(tool) as JsonObject))}`;
}

const RANKS: Readonly<Record<ServerTool['state'], number>> = { quarantined: 1, refused: 2, active: 3 };

/** Tools that want somebody's eyes come first, then by name. */
export function toolOrder(tools: readonly ServerTool[]): ServerTool[] {
  const rank = (tool: ServerTool): number => (hasDrifted(tool) ? 0 : RANKS[tool.state]);
  return [...tools].sort((a, b) => rank(a) - rank(b) || (a.tool < b.tool ? -1 : 1));
}

/** What a server says of its tool, if it is a text. */
export function descriptionOf({ definition }: ServerTool): string | undefined {
  return typeof definition.description === 'string' ? definition.description : undefined;
}
