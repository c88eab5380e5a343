import { isJsonObject, type JsonValue } from '../core/json.ts';
import { checkKeys, type Path, refuse, type Source } from '../downstream/source.ts';
import type { ConfiguredWitness } from '../ledger/witness/collect.ts';
import { parseWitnessVkey } from '../ledger/witness/cosignature.ts';

const LIST: Path = ['ledger', 'witnesses'];
const URL_EXPECTED =
  'expected the http(s) address of a witness such as "https://witness.example.com", without user, query and fragment';
const VKEY_EXPECTED =
  'expected the verifier key of a witness, as "countersign ledger witness" prints it ("<name>+<id>+<base64>"; the key of a log is another)';

/** The prefix that `/add-checkpoint` follows, without a trailing slash. */
function prefixOf(value: JsonValue | undefined): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined;
  const { protocol, username, password, search, hash, href } = new URL(value);
  const isPlain = `${username}${password}${search}${hash}` === '' && !/[?#]/.test(value);
  return /^https?:$/.test(protocol) && isPlain ? href.replace(/\/+$/, '') : undefined;
}

function witnessAt(source: Source, path: Path): ConfiguredWitness {
  const entry = source.valueAt(path);
  if (!isJsonObject(entry)) return refuse(source, path, 'expected an object with url and vkey');
  checkKeys(source, path, entry, ['url', 'vkey']);
  const url = prefixOf(entry.url);
  if (url === undefined) return refuse(source, [...path, 'url'], URL_EXPECTED);
  const { vkey } = entry;
  if (typeof vkey !== 'string' || parseWitnessVkey(vkey) === undefined) {
    return refuse(source, [...path, 'vkey'], VKEY_EXPECTED);
  }
  return { url, vkey };
}

/** The witnesses under `ledger.witnesses`. Throws `config_invalid` with file and line for the first that is wrong. */
export function witnessesFrom(source: Source | undefined): readonly ConfiguredWitness[] {
  const list = source?.valueAt(LIST) ?? [];
  if (source === undefined) return [];
  if (!Array.isArray(list)) return refuse(source, LIST, 'expected a list of witnesses');
  const witnesses = list.map((_, index) => witnessAt(source, [...LIST, index]));
  for (const [index, { vkey }] of witnesses.entries()) {
    const first = witnesses.findIndex((one) => one.vkey === vkey);
    if (first < index) {
      refuse(
        source,
        [...LIST, index, 'vkey'],
        `the same witness as ledger.witnesses[${first}]; name each once`,
      );
    }
  }
  return witnesses;
}
