import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { toRfc3339 } from '../../core/clock.ts';
import { CountersignError } from '../../core/errors.ts';
import type { Established } from '../../evidence/verifier.ts';
import type { ExportFinding, ExportVerification } from '../../evidence/verify-export.ts';
import type { Cli, Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { facts, oneLine } from '../terminal-text.ts';

interface VerifyOptions {
  readonly export?: string;
  readonly key?: string;
  readonly checkpoint?: string;
  readonly witness: readonly string[];
}

/** What it means when a rule of docs/ledger-format.md is broken. */
const MEANINGS: Readonly<Record<number, string>> = {
  1: 'The log was edited, cut, reordered or replaced at this entry or before it, or is not the log of this key.',
  2: 'Somebody was made or unmade an approver without an approver’s signature. Whoever came after it proves nothing.',
  3: 'This decision was not made by whom the log names, or not about this request.',
  4: 'This request did not get here as the log says: too few people, another order, or too late.',
  5: 'This capability, or the key that signs them, is not one that an approval released.',
  6: 'Something was dispatched without the approval for it, or a second time.',
  7: 'This outcome belongs to no dispatch.',
  8: 'This token says something else than what was approved.',
  9: 'This request came from a session that was not alive.',
  10: 'This text is not the one that the log commits to.',
  11: 'The file is not a whole export of a ledger. Export it again.',
};

async function verifyRunning({ client, out }: Context): Promise<ExitCode> {
  out.status('Verifying the ledger…');
  const report = await (await client()).logs.verify();
  out.status('');
  if (out.json) out.value(report);
  else {
    const verdict = report.ok ? out.style('green', 'verified') : out.style('red', 'VERIFICATION FAILED');
    out.line(`${verdict}: ${report.size} entries, root ${oneLine(report.root)}`);
    out.lines(
      facts([
        ['Problem', report.problem && `entry ${report.problem.seq}: ${report.problem.reason}`],
        ['Checkpoint', report.checkpoint],
      ]),
    );
  }
  if (!report.ok)
    out.note('The ledger does not verify. Keep a copy of the database before you do anything else.');
  return report.ok ? EXIT.ok : EXIT.verificationFailed;
}

function showProblem({ out }: Context, problem: ExportFinding, entries: number): void {
  const { seq, type, line, rule, reason } = problem;
  const where = seq === undefined ? '' : `entry ${seq}${type === undefined ? '' : ` (${type})`}: `;
  out.line(`${out.style('red', 'VERIFICATION FAILED')}: ${oneLine(`${where}${reason}`)}`);
  out.lines(
    facts([
      ['Means', MEANINGS[rule]],
      ['Rule', `${rule} of docs/ledger-format.md`],
      ['Line', String(line)],
      ['Good before it', `${entries} entries`],
    ]),
  );
  out.note('Keep this file, and a copy of the database that it came from, before you do anything else.');
}

function peopleLines({ people, anchors }: Established): (readonly [string, string])[] {
  const named = (label: string, lines: readonly string[]) =>
    lines.map((line, index) => [index === 0 ? label : '', line] as const);
  return [
    ...named(
      'Trust anchor',
      anchors.map(({ name, person, credentialId }) => `${name}, ${person}, passkey ${credentialId}`),
    ),
    ...named(
      'Enrolled now',
      people.map(
        ({ name, person, invitedBy, credentialIds }) =>
          `${name}, ${person}, invited by ${invitedBy}, passkeys ${credentialIds.join(' ')}`,
      ),
    ),
  ];
}

function showFacts({ out }: Context, answer: ExportVerification & { ok: true }): void {
  const { established, header } = answer;
  const { tally, cosigned } = established;
  const what = header.approval === undefined ? `${established.size} entries` : oneLine(header.approval);
  out.line(`${out.style('green', 'verified')}: ${what}, root ${established.root}`);
  out.lines(
    facts([
      ['Log', header.log],
      ['Exported', toRfc3339(header.exportedAt)],
      ['Entries', `${tally.entries} of the ${established.size} in the log`],
      ['Decisions', `${tally.decisions} on ${tally.requests} requests, each signed by who made it`],
      [
        'Dispatches',
        `${tally.dispatches}, each once and after its approval; ${tally.allowedByPolicy} of them allowed by a rule without a person`,
      ],
      ['Break-glass', tally.breakGlass === 0 ? undefined : `${tally.breakGlass} decisions; look at each`],
      ['Unknown', tally.unknown === 0 ? undefined : `${tally.unknown} dispatches whose outcome nobody knows`],
      ['Live calls', `${tally.liveCalls} that policy allowed at once`],
      ['Tokens', `${tally.tokens} left the gateway`],
      [
        'Disclosed',
        `${tally.payloads} texts; ${established.undisclosed} more are committed to and not shown`,
      ],
      ...cosigned.map(
        ({ witness, size, at }) => ['Cosigned', `by ${witness}: ${size} entries, ${toRfc3339(at)}`] as const,
      ),
      ['Older checkpoint', established.olderFound ? 'is contained in this log' : undefined],
      ...peopleLines(established),
    ]),
  );
  out.note(
    'Everybody enrolled was vouched for, in the end, by the trust anchor: ask that person, by other means than this log, whether the passkey is theirs.',
  );
  if (header.approval === undefined) return;
  out.note(
    'This is about one approval. It does not show what else was requested or dispatched; a whole export does.',
  );
}

async function readNote(context: Context, file: string): Promise<string> {
  try {
    return await readFile(resolve(context.deps.cwd, file), 'utf8');
  } catch (cause) {
    const message = `--checkpoint: ${file} cannot be read; expected a file with a signed checkpoint.`;
    throw new CountersignError('invalid_request', message, { cause });
  }
}

async function verifyFile(context: Context, file: string, options: VerifyOptions): Promise<ExitCode> {
  const { deps, out } = context;
  if (options.key === undefined) {
    throw new CountersignError(
      'invalid_request',
      '--key: expected the verifier key of the log (name+id+base64), from where you trust it; the one in the export proves nothing.',
    );
  }
  const older = options.checkpoint === undefined ? undefined : await readNote(context, options.checkpoint);
  out.status('Verifying the export…');
  const answer = await deps.verifyExport(resolve(deps.cwd, file), {
    vkey: options.key,
    older,
    witnesses: options.witness,
    onProgress: ({ entries, size }) =>
      out.status(
        `Verifying… ${entries} of ${size} entries (${Math.floor((100 * entries) / Math.max(1, size))}%)`,
      ),
  });
  out.status('');
  if (out.json) out.value(answer);
  else if (answer.ok) showFacts(context, answer);
  else showProblem(context, answer.finding, answer.entries);
  return answer.ok ? EXIT.ok : EXIT.verificationFailed;
}

async function verify(context: Context, options: VerifyOptions): Promise<ExitCode> {
  if (options.export !== undefined) return verifyFile(context, options.export, options);
  if (options.key === undefined && options.checkpoint === undefined && options.witness.length === 0)
    return verifyRunning(context);
  throw new CountersignError(
    'invalid_request',
    '--export: expected the file to verify; --key, --checkpoint and --witness belong to it.',
  );
}

const more = (text: string, before: readonly string[]): string[] => [...before, text];

/** `logs verify`. */
export function addVerifyCommand(logs: Command, cli: Cli): void {
  logs
    .command('verify')
    .description('an export, without any gateway; or the running ledger. Ends with 7 when anything fails')
    .option('--export <file>', 'what "logs export" wrote')
    .option('--key <vkey>', 'the verifier key of the log, from where you trust it')
    .option('--checkpoint <file>', 'an older signed checkpoint that the log must contain')
    .option('--witness <vkey>', 'a witness that must have cosigned it; may be repeated', more, [])
    .addHelpText(
      'after',
      '\nExample:\n  $ countersign logs verify --export ledger.ndjson --key "$(cat log.vkey)"',
    )
    .action(cli.action(verify));
}
