import { CountersignError } from '../core/errors.ts';
import { parseVkey } from '../ledger/note.ts';
import { parseWitnessVkey } from '../ledger/witness/cosignature.ts';
import { readCheckpoint } from './checkpoints.ts';
import { type ExportHeader, type ExportLine, readExportLine } from './export-lines.ts';
import { readLines } from './read-lines.ts';
import { createVerifier, type Established, type Finding, type Verifier } from './verifier.ts';

export interface VerifyExportOptions {
  /** The log's verifier key, `<name>+<key id>+<base64 key>`, from elsewhere than the export. */
  readonly vkey: string;
  /** The note of an older checkpoint; the log must contain it. */
  readonly older?: string | undefined;
  /** Verifier keys of witnesses, each of which must have cosigned some checkpoint. */
  readonly witnesses?: readonly string[] | undefined;
  /** Told now and then how many entries were read, of how many that the export claims. */
  readonly onProgress?: (progress: { entries: number; size: number }) => void;
}

/** The first thing that is wrong, with the line of the file; `seq` is absent where no entry is at fault. */
export interface ExportFinding extends Omit<Finding, 'seq'> {
  readonly seq: number | undefined;
  /** From 1. */
  readonly line: number;
}

export type ExportVerification =
  | { readonly ok: true; readonly header: ExportHeader; readonly established: Established }
  | {
      readonly ok: false;
      readonly header: ExportHeader | undefined;
      readonly finding: ExportFinding;
      /** How many entries were found good before it. */
      readonly entries: number;
    };

const PROGRESS_EVERY = 10_000;
const FORMAT_RULE = 11;

function refuse(field: string, expected: string): never {
  throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
    fields: [{ field, expected }],
  });
}

function verifierOf(header: ExportHeader, options: VerifyExportOptions): Verifier {
  const witnesses = (options.witnesses ?? []).map(
    (witness) => parseWitnessVkey(witness) ?? refuse('witness', 'the verifier key of a witness'),
  );
  const { size, root, vkey, approval } = header;
  return createVerifier({
    log: parseVkey(options.vkey)?.name ?? '',
    vkey: options.vkey,
    witnesses,
    older: options.older,
    claimed: { size, root, vkey },
    approval,
  });
}

function checkOptions({ vkey, older }: VerifyExportOptions): void {
  if (parseVkey(vkey) === undefined)
    refuse('key', '"<name>+<key id>+<base64 key>", the verifier key of the log');
  if (older !== undefined && readCheckpoint(older) === undefined)
    refuse(
      'checkpoint',
      'a signed checkpoint, as "countersign logs query" and the ledger’s endpoints give it',
    );
}

function apply(verifier: Verifier, line: Exclude<ExportLine, { kind: 'header' }>): Finding | undefined {
  switch (line.kind) {
    case 'entry':
      return verifier.entry(line.text);
    case 'inclusion':
      return verifier.inclusion(line.proof);
    case 'checkpoint':
      return verifier.checkpoint(line.note);
    case 'payload':
      return verifier.payload(line.payload);
    case 'end':
      return verifier.end(line);
  }
}

/**
 * Verifies an export offline, in one pass and in bounded memory: every line, leaf and root, every checkpoint and
 * cosignature, every person, statement and signature, every approval, capability, dispatch and token, by the rules of
 * docs/ledger-format.md. Stops at the first thing that is wrong. Throws `invalid_request` for a key or an older
 * checkpoint that cannot be read, and what reading the source throws.
 */
export async function verifyExport(
  source: AsyncIterable<Uint8Array>,
  options: VerifyExportOptions,
): Promise<ExportVerification> {
  checkOptions(options);
  let header: ExportHeader | undefined;
  let verifier: Verifier | undefined;
  let number = 0;
  let entries = 0;
  let ended = false;

  function failed(finding: Omit<ExportFinding, 'line'>): ExportVerification {
    return { ok: false, header, entries, finding: { ...finding, line: number } };
  }
  const malformed = (reason: string): ExportVerification =>
    failed({ seq: undefined, type: undefined, rule: FORMAT_RULE, reason });

  for await (const read of readLines(source)) {
    number++;
    if ('problem' in read) return malformed(`line ${number}: ${read.problem}`);
    const line = readExportLine(read.text);
    if (typeof line === 'string') return malformed(`line ${number}: ${line}`);
    if (ended) return malformed(`line ${number}: something follows the end`);
    if (line.kind === 'header') {
      if (header !== undefined) return malformed(`line ${number}: it is a second header`);
      header = line.header;
      verifier = verifierOf(header, options);
      const { name } = parseVkey(options.vkey) as NonNullable<ReturnType<typeof parseVkey>>;
      if (header.log !== name)
        return malformed(`line 1: it is of the log ${header.log}, and the key of ${name}`);
      continue;
    }
    if (verifier === undefined || header === undefined)
      return malformed('line 1: it is not the header of an export');
    const finding = apply(verifier, line);
    if (finding !== undefined) return failed(finding);
    if (line.kind === 'end') ended = true;
    if (line.kind !== 'entry') continue;
    entries++;
    if (entries % PROGRESS_EVERY === 0) options.onProgress?.({ entries, size: header.size });
  }
  if (verifier === undefined || header === undefined) return malformed('the file is empty');
  if (!ended) return malformed('the end line is missing: the file was cut off');
  return { ok: true, header, established: verifier.established() };
}
