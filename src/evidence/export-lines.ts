import { errorText } from '../core/errors.ts';
import { isJsonObject, type JsonObject, parseStrict } from '../core/json.ts';
import { shapeProblem } from './members.ts';
import type { Payload } from './payloads.ts';

/** The version of the line format, docs/ledger-format.md. */
export const EXPORT_VERSION = 1;

/** The first line: what the export claims to be. Nothing of it is believed before the rest has shown it. */
export interface ExportHeader {
  readonly log: string;
  /** The verifier key in force when it was made. */
  readonly vkey: string;
  readonly size: number;
  /** Hex. */
  readonly root: string;
  /** Epoch milliseconds. */
  readonly exportedAt: number;
  /** There when it holds only what is about this approval. */
  readonly approval: string | undefined;
}

export type ExportLine =
  | { readonly kind: 'header'; readonly header: ExportHeader }
  | { readonly kind: 'entry'; readonly text: string }
  | { readonly kind: 'inclusion'; readonly proof: readonly Uint8Array[] }
  | { readonly kind: 'payload'; readonly payload: Payload }
  | { readonly kind: 'checkpoint'; readonly note: string }
  | { readonly kind: 'end'; readonly size: number; readonly root: string };

const ENTRY = '{"entry":';
const HASH_BYTES = 32;
const PROOF_MAX = 64;

export function headerLine(header: ExportHeader): string {
  const { log, vkey, size, root, exportedAt, approval } = header;
  return `${JSON.stringify({ countersign_export: EXPORT_VERSION, log, vkey, size, root, exported_at: exportedAt, approval })}\n`;
}

/** The canonical text stands in the line byte for byte. */
export const entryLine = (text: string): string => `${ENTRY}${text}}\n`;

export function inclusionLine(proof: readonly Uint8Array[]): string {
  return `${JSON.stringify({ inclusion: proof.map((hash) => Buffer.from(hash).toString('base64')) })}\n`;
}

export const payloadLine = (payload: Payload): string => `${JSON.stringify({ payload })}\n`;
export const checkpointLine = (note: string): string => `${JSON.stringify({ checkpoint: note })}\n`;
export const endLine = (end: { size: number; root: string }): string => `${JSON.stringify({ end })}\n`;

function readHeader(value: JsonObject): ExportLine | string {
  if (value.countersign_export !== EXPORT_VERSION) return `it is not an export of version ${EXPORT_VERSION}`;
  const problem = shapeProblem(value, {
    log: 'text',
    vkey: 'text',
    size: 'count',
    root: 'commitment',
    exported_at: 'count',
    approval: 'text?',
  });
  if (problem !== undefined) return problem;
  const { log, vkey, size, root, exported_at: exportedAt, approval } = value;
  return { kind: 'header', header: { log, vkey, size, root, exportedAt, approval } as ExportHeader };
}

function readInclusion(value: JsonObject): ExportLine | string {
  const { inclusion } = value;
  if (!Array.isArray(inclusion) || inclusion.length > PROOF_MAX) return 'its inclusion is not a proof';
  const proof = inclusion.map((hash) => Buffer.from(String(hash), 'base64'));
  const wrong = proof.some(
    (hash, index) => hash.length !== HASH_BYTES || hash.toString('base64') !== inclusion[index],
  );
  return wrong ? 'its inclusion is not a list of base64 hashes' : { kind: 'inclusion', proof };
}

function readPayload(value: JsonObject): ExportLine | string {
  if (!isJsonObject(value.payload)) return 'its payload is not an object';
  const { id, of, salt, text } = value.payload;
  if (typeof id !== 'string' || typeof of !== 'string' || typeof text !== 'string')
    return 'its payload has no id, of and text';
  if (typeof salt !== 'string' || !/^[0-9a-f]{64}$/.test(salt))
    return 'the salt of its payload is not 32 bytes';
  return { kind: 'payload', payload: { id, of, salt, text } };
}

function readEnd(value: JsonObject): ExportLine | string {
  if (!isJsonObject(value.end)) return 'its end is not an object';
  const problem = shapeProblem(value.end, { size: 'count', root: 'commitment' });
  return problem ?? { kind: 'end', size: value.end.size as number, root: value.end.root as string };
}

const READERS: Readonly<Record<string, (value: JsonObject) => ExportLine | string>> = {
  countersign_export: readHeader,
  inclusion: readInclusion,
  payload: readPayload,
  checkpoint: ({ checkpoint }) =>
    typeof checkpoint === 'string'
      ? { kind: 'checkpoint', note: checkpoint }
      : 'its checkpoint is not a text',
  end: readEnd,
};

/** Reads one line, without its newline; what comes back as a text says what is wrong with it. */
export function readExportLine(line: string): ExportLine | string {
  if (line.startsWith(ENTRY) && line.endsWith('}'))
    return { kind: 'entry', text: line.slice(ENTRY.length, -1) };
  try {
    const value = parseStrict(line);
    if (!isJsonObject(value)) return 'it is not a JSON object';
    const [member = '', ...others] = Object.keys(value);
    const read = Object.hasOwn(READERS, member) ? READERS[member] : undefined;
    if (read === undefined || (others.length > 0 && read !== readHeader))
      return 'it is none of the lines that an export has';
    return read(value);
  } catch (error) {
    return `it is not JSON (${errorText(error)})`;
  }
}
