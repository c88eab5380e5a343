import type { Command } from 'commander';
import type { InclusionProof } from '../../sdk/ledger.ts';
import type { Cli, Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { wholeNumber } from '../option-value.ts';
import { facts } from '../terminal-text.ts';

interface ProofOptions {
  readonly size?: number;
  readonly key?: string;
}

const MOST = Number.MAX_SAFE_INTEGER;

function show({ out }: Context, found: InclusionProof): void {
  out.lines(
    facts([
      ['Entry', found.entry],
      ['Leaf', found.leaf],
      ['Proof', `${found.proof.length} hashes in the tree of ${found.size}`],
      ...found.proof.map((hash) => ['', hash] as const),
      ['Checkpoint', found.checkpoint ?? `none of size ${found.size} was signed`],
    ]),
  );
}

async function prove(context: Context, seqText: string, options: ProofOptions): Promise<ExitCode> {
  const { client, deps, out } = context;
  const seq = wholeNumber('SEQ', { min: 0, max: MOST })(seqText);
  const found = await (await client()).ledger.proof(seq, { size: options.size });
  const problem = options.key === undefined ? undefined : await deps.proofProblem(found, options.key);
  const isVerified = options.key !== undefined && problem === undefined;
  if (out.json)
    out.value({
      ...found,
      verified: options.key === undefined ? null : isVerified,
      problem: problem ?? null,
    });
  else show(context, found);
  if (options.key === undefined) {
    out.note('Nothing is verified yet: give the key of the log with --key, from where you trust it.');
    return EXIT.ok;
  }
  out.note(
    isVerified ? `Verified: the log has signed entry ${seq} at this place.` : `NOT VERIFIED: ${problem}.`,
  );
  return isVerified ? EXIT.ok : EXIT.verificationFailed;
}

/** `logs proof`. */
export function addProofCommand(logs: Command, cli: Cli): void {
  logs
    .command('proof <seq>')
    .description(
      'an entry and the proof that it is under a signed head; ends with 7 when that does not verify',
    )
    .option('--size <n>', 'the size of an earlier signed head', wholeNumber('--size', { min: 1, max: MOST }))
    .option('--key <vkey>', 'verify here, by this key of the log (name+id+base64)')
    .addHelpText('after', '\nExample:\n  $ countersign logs proof 41 --key "$(cat log.vkey)"')
    .action(cli.action(prove));
}
