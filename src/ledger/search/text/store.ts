import type { Reader, Statement } from '../../../storage/database.ts';
import { wordsOf } from '../../words.ts';
import { afterPrefix, type Choice, type Condition, oneOf, type Source, VALUES_MAX } from '../condition.ts';

/** Lets an entry be found by a word; goes into the transaction of the entry. */
export function insertWord(word: string, seq: number): Statement {
  return { sql: 'INSERT INTO ledger_word (word, seq) VALUES (?, ?)', params: [word, seq] };
}

/** Lets all entries of an action be found by a word of its name. Harmless when it is there. */
export function insertActionWord({ word, action }: { word: string; action: string }): Statement {
  return {
    sql: 'INSERT INTO ledger_action_word (word, action) VALUES (?, ?) ON CONFLICT (word, action) DO NOTHING',
    params: [word, action],
  };
}

/** The stored words that begin with a term; undefined when they are many. */
async function storedWords(database: Reader, term: string): Promise<string[] | undefined> {
  const words: string[] = [];
  let from: Condition = { sql: 'word >= ?', params: [term] };
  for (;;) {
    const [row] = await database.query({
      sql: `SELECT word FROM ledger_word WHERE ${from.sql} ORDER BY word LIMIT 1`,
      params: from.params,
    });
    const word = row?.word;
    if (typeof word !== 'string' || !word.startsWith(term)) return words;
    if (words.length === VALUES_MAX) return undefined;
    words.push(word);
    from = { sql: 'word > ?', params: [word] };
  }
}

function holdsWord(words: readonly string[] | undefined, term: string): Condition {
  if (words === undefined) {
    return {
      sql: 'ledger.seq IN (SELECT seq FROM ledger_word WHERE word >= ? AND word < ?)',
      params: [term, afterPrefix(term)],
    };
  }
  const marks = words.map(() => '?').join(', ');
  return {
    sql: `EXISTS (SELECT 1 FROM ledger_word WHERE word IN (${marks}) AND ledger_word.seq = ledger.seq)`,
    params: words,
  };
}

async function choiceOf(database: Reader, term: string): Promise<Choice> {
  const words = await storedWords(database, term);
  const range = [term, afterPrefix(term)];
  const list = 'SELECT DISTINCT action FROM ledger_action_word WHERE word >= ? AND word < ?';
  const rows = await database.query({ sql: `${list} LIMIT ?`, params: [...range, VALUES_MAX + 1] });
  const held = holdsWord(words, term);
  const test = { sql: `(ledger.action IN (${list}) OR ${held.sql})`, params: [...range, ...held.params] };
  if (words === undefined || rows.length > VALUES_MAX) return { test, sources: undefined };
  const byWord = words.map((word): Source => ({ from: 'word', sql: 'found.word = ?', params: [word] }));
  const byAction = oneOf(
    'action',
    rows.map((row) => String(row.action)),
  );
  return { test, sources: [...byWord, ...byAction] };
}

/** What each word of a search asks for. */
export async function textChoices(database: Reader, text: string): Promise<Choice[]> {
  const choices: Choice[] = [];
  for (const term of wordsOf(text)) choices.push(await choiceOf(database, term));
  return choices;
}
