import type { Reader } from '../../../storage/database.ts';
import { type EntryFilter, readAgent, readPattern } from '../../filter.ts';
import { type FoundVerdict, JUDGED_TYPES, TYPE_OF_VERDICT } from '../../verdict.ts';
import {
  afterPrefix,
  type Choice,
  type Condition,
  equals,
  oneOf,
  type Source,
  VALUES_MAX,
} from '../condition.ts';

const EFFECT = "json_extract(ledger.entry, '$.body.effect')";

/** The stored values that start with a prefix, found by hopping through the index; undefined when they are many. */
async function storedValues(
  database: Reader,
  { column, prefix }: { column: 'action' | 'type'; prefix: string },
): Promise<string[] | undefined> {
  const values: string[] = [];
  let from: Condition = { sql: `${column} >= ?`, params: [prefix] };
  for (;;) {
    const [row] = await database.query({
      sql: `SELECT ${column} AS value FROM ledger WHERE ${column} IS NOT NULL AND ${from.sql} ORDER BY ${column} LIMIT 1`,
      params: from.params,
    });
    const value = row?.value;
    if (typeof value !== 'string' || !value.startsWith(prefix)) return values;
    if (values.length === VALUES_MAX) return undefined;
    values.push(value);
    from = { sql: `${column} > ?`, params: [value] };
  }
}

async function pattern(database: Reader, column: 'action' | 'type', text: string): Promise<Choice> {
  const parts = readPattern(text);
  if ('exact' in parts) return equals(column, parts.exact);
  const { prefix } = parts;
  const values = await storedValues(database, { column, prefix });
  return {
    test: { sql: `substr(ledger.${column}, 1, ?) = ?`, params: [[...prefix].length, prefix] },
    sources: values === undefined ? undefined : oneOf(column, values),
  };
}

/** The first values of a list, or undefined when there are more than an index is asked for one by one. */
async function fewValues(database: Reader, list: Condition): Promise<string[] | undefined> {
  const rows = await database.query({ sql: `${list.sql} LIMIT ?`, params: [...list.params, VALUES_MAX + 1] });
  return rows.length > VALUES_MAX ? undefined : rows.map((row) => String(row.value));
}

async function amongValues(database: Reader, column: 'action' | 'session', list: Condition): Promise<Choice> {
  const values = await fewValues(database, list);
  return {
    test: { sql: `ledger.${column} IN (${list.sql})`, params: list.params },
    sources: values === undefined ? undefined : oneOf(column, values),
  };
}

function tool(database: Reader, text: string): Promise<Choice> {
  const parts = readPattern(text);
  const list =
    'exact' in parts
      ? { sql: 'SELECT action AS value FROM ledger_action_word WHERE word = ?', params: [`/${parts.exact}`] }
      : {
          sql: 'SELECT DISTINCT action AS value FROM ledger_action_word WHERE word >= ? AND word < ?',
          params: [`/${parts.prefix}`, afterPrefix(`/${parts.prefix}`)],
        };
  return amongValues(database, 'action', list);
}

async function agent(database: Reader, text: string): Promise<Choice> {
  const wanted = readAgent(text);
  if ('session' in wanted) return equals('session', wanted.session);
  return amongValues(database, 'session', {
    sql: 'SELECT session AS value FROM ledger_label WHERE label = ?',
    params: [wanted.label],
  });
}

/** The words are those of the index `ledger_by_effect`, which the engine uses for nothing else. */
const JUDGED: Condition = { sql: "ledger.type IN ('approval.requested', 'access.evaluated')", params: [] };

function verdict(found: FoundVerdict): Choice {
  const own = TYPE_OF_VERDICT[found];
  const judged: Source = { from: 'ledger', sql: `${JUDGED.sql} AND ${EFFECT} = ?`, params: [found] };
  const types = own === undefined ? [...JUDGED_TYPES] : [own, ...JUDGED_TYPES];
  return {
    test: {
      // The type alone can be tested without reading the row.
      sql: `+ledger.type IN (${types.map(() => '?').join(', ')}) AND (+ledger.type = ? OR ${EFFECT} = ?)`,
      params: [...types, own ?? '', found],
    },
    sources: own === undefined ? [judged] : [judged, ...oneOf('type', [own])],
  };
}

/** Everything that a filter asks for but time and words. */
export async function choicesOf(database: Reader, filter: EntryFilter): Promise<Choice[]> {
  const choices: Choice[] = [];
  for (const field of ['approval', 'call', 'session', 'subject', 'principal'] as const) {
    const value = filter[field];
    if (value !== undefined) choices.push(equals(field, value));
  }
  if (filter.agent !== undefined) choices.push(await agent(database, filter.agent));
  if (filter.action !== undefined) choices.push(await pattern(database, 'action', filter.action));
  if (filter.tool !== undefined) choices.push(await tool(database, filter.tool));
  if (filter.type !== undefined) choices.push(await pattern(database, 'type', filter.type));
  if (filter.verdict !== undefined) choices.push(verdict(filter.verdict));
  return choices;
}
