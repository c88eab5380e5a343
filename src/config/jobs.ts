import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import { checkKeys, type Path, refuse, type Source } from '../downstream/source.ts';
import { type JobPair, pointerTokens } from '../jobs/pair.ts';
import { readDuration } from './settings.ts';

const KEYS = [
  'server',
  'start',
  'poll',
  'cancel',
  'id',
  'argument',
  'state',
  'completed',
  'failed',
  'cancelled',
  'progress',
  'total',
  'message',
  'every',
];

/** What servers say when work has ended, unless a pair names its own words. */
const ENDS: JobPair['ends'] = {
  completed: ['completed', 'complete', 'done', 'finished', 'succeeded', 'success'],
  failed: ['failed', 'failure', 'error'],
  cancelled: ['cancelled', 'canceled', 'aborted'],
};

interface Place {
  readonly source: Source;
  readonly path: Path;
  readonly entry: JsonObject;
}

function optionalText({ source, path, entry }: Place, key: string): string | undefined {
  const value = entry[key];
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  return refuse(source, [...path, key], 'expected a text');
}

function textAt(place: Place, key: string, expected: string): string {
  const { source, path } = place;
  if (place.entry[key] === undefined) return refuse(source, path, `expected "${key}", ${expected}`);
  return optionalText(place, key) ?? refuse(source, [...path, key], `expected ${expected}`);
}

function optionalPointer(place: Place, key: string): string | undefined {
  const pointer = optionalText(place, key);
  if (pointer === undefined || pointerTokens(pointer) !== undefined) return pointer;
  return refuse(
    place.source,
    [...place.path, key],
    `expected a JSON pointer such as "/job_id", not ${JSON.stringify(pointer)}`,
  );
}

function wordsAt({ source, path, entry }: Place, key: keyof JobPair['ends']): readonly string[] {
  const value: JsonValue = entry[key] ?? [...ENDS[key]];
  const list = Array.isArray(value) ? value : [value];
  const isWord = (one: JsonValue) => ['string', 'number', 'boolean'].includes(typeof one) && one !== '';
  if (!list.every(isWord)) return refuse(source, [...path, key], 'expected a word or a list of words');
  return list.map((word) => String(word).toLowerCase());
}

function everyAt({ source, path, entry }: Place): number {
  if (entry.every === undefined) return LIMITS.jobPollDefaultMs;
  const ms = readDuration(entry.every);
  if (ms >= LIMITS.jobPollMinMs && ms <= LIMITS.jobPollMaxMs) return ms;
  return refuse(source, [...path, 'every'], 'expected a time such as "2s", between 100 ms and 1 minute');
}

function pairAt(source: Source, path: Path, servers: ReadonlySet<string>): JobPair {
  const entry = source.valueAt(path);
  if (!isJsonObject(entry)) return refuse(source, path, 'expected an object with server, start, poll and id');
  checkKeys(source, path, entry, KEYS);
  const place = { source, path, entry };
  const server = textAt(place, 'server', 'the name of a server');
  if (!servers.has(server))
    refuse(source, [...path, 'server'], `expected one of the servers: ${[...servers].join(', ')}`);
  textAt(place, 'id', 'a JSON pointer into the answer of the start tool, such as "/job_id"');
  const id = optionalPointer(place, 'id') ?? '';
  return {
    server,
    start: textAt(place, 'start', 'the tool that begins the work'),
    poll: textAt(place, 'poll', 'the tool that tells how it stands'),
    cancel: optionalText(place, 'cancel'),
    id,
    argument: optionalText(place, 'argument') ?? pointerTokens(id)?.at(-1) ?? '',
    state: optionalPointer(place, 'state') ?? '/status',
    ends: {
      completed: wordsAt(place, 'completed'),
      failed: wordsAt(place, 'failed'),
      cancelled: wordsAt(place, 'cancelled'),
    },
    progress: optionalPointer(place, 'progress'),
    total: optionalPointer(place, 'total'),
    message: optionalPointer(place, 'message'),
    everyMs: everyAt(place),
  };
}

/**
 * The pairs under `jobs.pairs`: tools that begin work and tools that tell of it. Throws `config_invalid` with file and
 * line for the first that is wrong.
 */
export function jobPairsFrom(
  source: Source | undefined,
  servers: readonly { readonly name: string }[],
): readonly JobPair[] {
  const at: Path = ['jobs', 'pairs'];
  const list = source?.valueAt(at) ?? [];
  if (source === undefined) return [];
  if (!Array.isArray(list) || list.length > LIMITS.jobPairs)
    return refuse(source, at, `expected a list of at most ${LIMITS.jobPairs} pairs`);
  const names = new Set(servers.map(({ name }) => name));
  const pairs = list.map((_, index) => pairAt(source, [...at, index], names));
  for (const [index, { server, start }] of pairs.entries()) {
    const first = pairs.findIndex((one) => one.server === server && one.start === start);
    if (first < index)
      refuse(source, [...at, index, 'start'], `the same tool as jobs.pairs[${first}]; name each once`);
  }
  return pairs;
}
