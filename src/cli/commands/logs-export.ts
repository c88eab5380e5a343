import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CountersignError } from '../../core/errors.ts';
import type { Cli, Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';

interface ExportOptions {
  readonly out?: string;
  readonly payloads?: boolean;
  readonly approval?: string;
}

const ENTRY = Buffer.from('\n{"entry":');
const END = '{"end":';
/** Longer than the line that ends an export. */
const TAIL_BYTES = 512;
const PROGRESS_EVERY = 10_000;
const OWNER_ONLY = 0o600;

/** Counts entries as they pass and keeps the end, to tell a whole export from one that was cut off. */
function createWatch(): { take(chunk: Uint8Array): void; entries(): number; isWhole(): boolean } {
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
  const { client, out, stopSignal } = context;
  const { payloads, approval } = options;
  const signal = stopSignal();
  const body = await (await client()).ledger.export({ payloads, approval }, { signal });
  const watch = createWatch();
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

async function exportLedger(context: Context, options: ExportOptions): Promise<ExitCode> {
  const { deps, out } = context;
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
  out.note(`Verify it anywhere: countersign logs verify --export ${options.out} --key <vkey of the log>`);
  return EXIT.ok;
}

/** `logs export`. */
export function addExportCommand(logs: Command, cli: Cli): void {
  logs
    .command('export')
    .description('everything that it takes to verify the ledger offline, as lines of JSON')
    .option(
      '--out <file>',
      'where to; stdout unless given. Written beside it first, so it is there only when whole',
    )
    .option('--payloads', 'with the arguments, views, results and tokens that were not erased')
    .option('--approval <id>', 'only what is about this approval, with inclusion proofs')
    .addHelpText('after', '\nExample:\n  $ countersign logs export --out ledger.ndjson')
    .action(cli.action(exportLedger));
}
