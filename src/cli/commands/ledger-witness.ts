import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CountersignError } from '../../core/errors.ts';
import type { Cli, Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Output } from '../output.ts';
import type { AppEvent, RunningWitness } from '../ports.ts';
import { facts, oneLine } from '../terminal-text.ts';

interface WitnessOptions {
  readonly log: readonly string[];
  readonly key: string;
  readonly state?: string;
  readonly name?: string;
  readonly listen: string;
}

const DEFAULT_LISTEN = '127.0.0.1:8421';

/** Reads `host:port`, an IPv6 address in brackets. Throws `invalid_request` on anything else. */
function parseListen(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):([0-9]{1,5})$/.exec(text);
  const port = Number(match?.[3] ?? Number.NaN);
  const host = match?.[1] ?? match?.[2];
  if (host !== undefined && port <= 65_535) return { host, port };
  throw new CountersignError(
    'invalid_request',
    `--listen: expected host:port such as ${DEFAULT_LISTEN} or [::1]:8421, but got "${text}".`,
  );
}

function defaultName(): string {
  return `${hostname().replaceAll(/[\s+]/g, '') || 'localhost'}/witness`;
}

function show(out: Output, witness: RunningWitness): void {
  out.lines([
    `${out.style('bold', 'The witness is running.')} It cosigns what extends all that it has cosigned before.`,
    ...facts([
      ['  URL', witness.url],
      ['  Key', witness.vkey],
      ...witness.logs.map((log) => ['  Log', log] as const),
    ]),
    '',
    "In the gateway's countersign.yaml:",
    '  ledger:',
    '    witnesses:',
    `      - { url: ${JSON.stringify(witness.url)}, vkey: ${JSON.stringify(witness.vkey)} }`,
    '',
  ]);
}

function tell(out: Output, event: AppEvent): void {
  const { event: what, log, size, status = '', reason } = event;
  const text = what === 'cosigned' ? `cosigned ${log}, ${size} entries` : `${what} ${status}: ${reason}`;
  if (out.json) out.value(event);
  else out.note(oneLine(text));
}

async function witness(context: Context, options: WitnessOptions): Promise<ExitCode> {
  const { deps, out } = context;
  const stop = context.stopSignal();
  const keyFile = resolve(deps.cwd, options.key);
  // The first line says where the witness is; what happens before it is out is told after it.
  const early: AppEvent[] = [];
  const stage = { ready: false };
  const running = await deps.startWitness({
    logs: options.log,
    keyFile,
    stateFile: options.state === undefined ? `${keyFile}.state.json` : resolve(deps.cwd, options.state),
    name: options.name ?? defaultName(),
    ...parseListen(options.listen),
    onEvent: (event) => (stage.ready ? tell(out, event) : void early.push(event)),
  });
  if (out.json) out.value({ event: 'ready', url: running.url, vkey: running.vkey, logs: running.logs });
  else show(out, running);
  stage.ready = true;
  for (const event of early) tell(out, event);
  await new Promise<void>((done) => {
    if (stop.aborted) done();
    stop.addEventListener('abort', () => done(), { once: true });
  });
  await running.close();
  if (out.json) out.value({ event: 'stopped' });
  return EXIT.ok;
}

function addLog(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), text];
}

/** `ledger witness`: cosigns the checkpoints of other logs. */
export function addWitnessCommand(ledger: Command, cli: Cli): void {
  ledger
    .command('witness')
    .description("cosign other logs' checkpoints (C2SP tlog-witness); Ctrl-C ends")
    .requiredOption('--log <vkey>', 'the verifier key of a log to cosign; may be repeated', addLog)
    .requiredOption('--key <file>', "this witness's key, made on first use")
    .option('--state <file>', 'what it has cosigned (default: the key file with .state.json)')
    .option('--name <name>', 'name of the key, if it is made now, such as witness.example.com/w1')
    .option('--listen <host:port>', 'where to listen; port 0 takes any free one', DEFAULT_LISTEN)
    .addHelpText(
      'after',
      '\nWith --json the first line on stdout is {"event":"ready",…}; one line for each answer follows.' +
        '\n\nExample:\n  $ countersign ledger witness --log "$VKEY" --key witness.key --listen 0.0.0.0:8421',
    )
    .action(cli.action((context, options: WitnessOptions) => witness(context, options)));
}
