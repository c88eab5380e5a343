import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { CountersignError } from '../../core/errors.ts';
import type { LogExport } from '../../sdk/logs.ts';
import type { Cli, Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { addLogFilters, addLogTimes, type LogFilterOptions, logFilterOf } from '../log-filter.ts';

type Format = 'evidence' | LogExport['format'];

interface ExportOptions extends LogFilterOptions {
  readonly format: Format;
  readonly out?: string;
  readonly payloads?: boolean;
}

const ENTRY = Buffer.from('\n{"entry":');
const END = '{"end":';
/** Longer than the line that ends an export. */
const TAIL_BYTES = 512;
const PROGRESS_EVERY = 10_000;
const NEWLINE = 0x0a;
const OWNER_ONLY = 0o600;

interface Watch {
  take(chunk: Uint8Array): void;
  entries(): number;
  isWhole(): boolean;
}

/** Counts lines; that the transfer did not fail tells that they are all. A CSV begins with the names of its columns. */
function watchLines(format: Format): Watch {
  const state = { lines: format === 'csv' ? -1 : 0 };
  return {
    take(chunk) {
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) state.lines++;
    },
    entries: () => state.lines,
    isWhole: () => true,
  };
}

/** Counts entries as they pass and keeps the end, to tell a whole export from one that was cut off. */
function watchEvidence(): Watch {
  const state = { entries: 0, tail: Buffer.alloc(0) };
  return {
    take(chunk) {
      const kept = state.tail.subarray(-(ENTRY.length - 1));
      const text = Buffer.concat([kept, chunk]);
      for (let at = text.indexOf(ENTRY); at >= 0; at = text.indexOf(ENTRY, at + 1)) state.entries++;
      state.tail = Buffer.concat([state.tail, chunk]).subarray(-TAIL_BYTES);
    },
    entries: () => state.entries,
    isWhole() {
      const lines = state.tail.toString('utf8').split('\n');
      return lines.at(-1) === '' && (lines.at(-2) ?? '').startsWith(END);
    },
  };
}

async function refuseExisting(file: string): Promise<void> {
  const exists = await stat(file).then(
    () => true,
    () => false,
  );
  if (!exists) return;
  throw new CountersignError('invalid_request', `--out: ${file} exists already; name another file.`);
}

/** Takes the whole stream, or throws. Each chunk is written before the next one is asked for. */
async function copy(
  context: Context,
  options: ExportOptions,
  write: (chunk: Uint8Array) => Promise<unknown> | unknown,
): Promise<number> {
  const { client, out, stopSignal, deps } = context;
  const { format, payloads, approval } = options;
  const signal = stopSignal();
  const { ledger, logs } = await client();
  const isEvidence = format === 'evidence';
  const body = isEvidence
    ? await ledger.export({ payloads, approval }, { signal })
    : await logs.export({ ...logFilterOf(options, deps.now()), format }, { signal });
  const watch = isEvidence ? watchEvidence() : watchLines(format);
  for await (const chunk of body) {
    watch.take(chunk);
    await write(chunk);
    const step = Math.floor(watch.entries() / PROGRESS_EVERY) * PROGRESS_EVERY;
    if (options.out !== undefined && step > 0) out.status(`Exporting… ${step} entries`);
  }
  if (!watch.isWhole()) {
    const message = 'The export was cut off before its end. Nothing was kept; run the command again.';
    throw new CountersignError('internal', message);
  }
  return watch.entries();
}

async function toFile(context: Context, file: string, options: ExportOptions): Promise<number> {
  await refuseExisting(file);
  const part = `${file}.part`;
  let handle: FileHandle | undefined;
  try {
    const opened = await open(part, 'w', OWNER_ONLY);
    handle = opened;
    const entries = await copy(context, options, (chunk) => opened.writeFile(chunk));
    await opened.sync();
    await opened.close();
    handle = undefined;
    await rename(part, file);
    return entries;
  } catch (error) {
    await handle?.close();
    await rm(part, { force: true });
    throw error;
  }
}

/** Throws `invalid_request` for options that the chosen format has no use for. */
function checkOptions(options: ExportOptions): void {
  const { format, payloads, out: _out, approval: _approval, ...filter } = options;
  const [other] = Object.keys(filter);
  if (format === 'evidence' && other !== undefined) {
    const expected =
      '--format ndjson, csv or cef beside it; evidence is the whole ledger, or of one approval';
    throw new CountersignError('invalid_request', `--${other}: expected ${expected}.`);
  }
  if (format !== 'evidence' && payloads === true)
    throw new CountersignError('invalid_request', '--payloads: expected --format evidence beside it.');
}

async function exportLedger(context: Context, options: ExportOptions): Promise<ExitCode> {
  const { deps, out } = context;
  checkOptions(options);
  if (options.out === undefined) {
    const decoder = new TextDecoder();
    const entries = await copy(context, options, (chunk) =>
      deps.stdout.write(decoder.decode(chunk, { stream: true })),
    );
    out.note(`Exported ${entries} entries.`);
    return EXIT.ok;
  }
  const file = resolve(deps.cwd, options.out);
  const entries = await toFile(context, file, options);
  out.status('');
  if (out.json) out.value({ file, entries });
  else out.line(`Exported ${entries} entries to ${file}`);
  if (options.format === 'evidence')
    out.note(`Verify it anywhere: countersign logs verify --export ${options.out} --key <vkey of the log>`);
  return EXIT.ok;
}

/** `logs export`. */
export function addExportCommand(logs: Command, cli: Cli): void {
  addLogTimes(addLogFilters(logs.command('export')))
    .description('everything that it takes to verify the ledger offline; or entries as NDJSON, CSV or CEF')
    .addOption(
      new Option('--format <format>', 'evidence, or lines for other programs')
        .choices(['evidence', 'ndjson', 'csv', 'cef'])
        .default('evidence'),
    )
    .option(
      '--out <file>',
      'where to; stdout unless given. Written beside it first, so it is there only when whole',
    )
    .option('--payloads', 'with the arguments, views, results and tokens that were not erased')
    .addHelpText(
      'after',
      '\nExamples:\n  $ countersign logs export --out ledger.ndjson\n  $ countersign logs export --format csv --verdict deny --since 24h > denied.csv\n\nEvidence is the whole ledger, or with --approval what is about one, with inclusion proofs.',
    )
    .action(cli.action(exportLedger));
}
