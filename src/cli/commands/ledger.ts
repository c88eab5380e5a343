import type { Command } from 'commander';
import type { Cli } from '../context.ts';
import { parseDuration } from '../duration.ts';
import { EXIT } from '../exit-code.ts';
import { facts, manyLines } from '../terminal-text.ts';
import { addWitnessCommand } from './ledger-witness.ts';

/** `ledger checkpoint|rotate-key|witness`. */
export function addLedgerCommands(program: Command, cli: Cli): void {
  const ledger = program.command('ledger').description("the ledger's head, and who vouches for it");

  ledger
    .command('checkpoint')
    .description('the signed head, over everything written so far')
    .addHelpText('after', '\nExample:\n  $ countersign ledger checkpoint')
    .action(
      cli.action(async ({ client, out }) => {
        const checkpoint = await (await client()).logs.checkpoint();
        if (out.json) out.value({ checkpoint });
        else out.line(manyLines(checkpoint.trimEnd()));
        return EXIT.ok;
      }),
    );

  ledger
    .command('rotate-key')
    .description('replace the key that signs the head; the old one signs beside it for a while')
    .option('--overlap <duration>', 'how long the old key goes on signing (default: 7d; 0s ends it at once)')
    .addHelpText('after', '\nExample:\n  $ countersign ledger rotate-key --overlap 30d')
    .action(
      cli.action(async ({ client, out }, { overlap }: { overlap?: string }) => {
        const overlapMs = overlap === undefined ? undefined : parseDuration(overlap, '--overlap');
        const rotated = await (await client()).ledger.rotateKey({ overlapMs });
        if (out.json) out.value(rotated);
        else {
          out.lines(
            facts([
              ['Key', rotated.vkey],
              ['Before', rotated.previous],
              ['Both sign until', rotated.overlapUntil],
            ]),
          );
          out.note(
            'Give the new key to whoever verifies, before the overlap ends. Back up ledger.key again.',
          );
        }
        return EXIT.ok;
      }),
    );

  addWitnessCommand(ledger, cli);
}
