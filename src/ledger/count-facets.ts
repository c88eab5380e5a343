import { LIMITS } from '../core/limits.ts';
import type { Reader } from '../storage/database.ts';
import type { EntryFilter } from './filter.ts';
import { checkFilter } from './query.ts';
import { type FacetRow, findFacetRows } from './search/store.ts';
import { verdictOf } from './verdict.ts';
import { toolOf } from './words.ts';

export type FacetName = 'type' | 'verdict' | 'action' | 'tool' | 'subject' | 'session' | 'principal';

export interface FacetValue {
  readonly value: string;
  readonly count: number;
}

export interface EntryFacets {
  /** How many entries were counted. */
  readonly counted: number;
  /** False when more match than were counted; the counts are then of the newest. */
  readonly complete: boolean;
  /** The most frequent values, most frequent first. */
  readonly facets: Readonly<Record<FacetName, readonly FacetValue[]>>;
}

function facetOf(name: FacetName, row: FacetRow): string | undefined {
  switch (name) {
    case 'verdict':
      return verdictOf({ type: row.type, body: { effect: row.effect ?? null } });
    case 'tool':
      return row.action === undefined ? undefined : toolOf(row.action);
    default:
      return row[name];
  }
}

function countValues(rows: readonly FacetRow[], name: FacetName): FacetValue[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const value = facetOf(name, row);
    if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, LIMITS.facetValues);
}

/**
 * Counts the values of the newest `LIMITS.facetEntries` entries that match, so that the cost is bounded however long
 * the ledger is. Throws `invalid_request` that names the field.
 */
export async function countFacets(database: Reader, filter: EntryFilter): Promise<EntryFacets> {
  checkFilter(filter);
  const limit = LIMITS.facetEntries;
  const found = await findFacetRows(database, { filter, limit: limit + 1 });
  const rows = found.slice(0, limit);
  const count = (name: FacetName): FacetValue[] => countValues(rows, name);
  return {
    counted: rows.length,
    complete: found.length <= limit,
    facets: {
      type: count('type'),
      verdict: count('verdict'),
      action: count('action'),
      tool: count('tool'),
      subject: count('subject'),
      session: count('session'),
      principal: count('principal'),
    },
  };
}
