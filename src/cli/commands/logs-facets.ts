import type { Command } from 'commander';
import type { LogFacet } from '../../sdk/logs.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { addLogFilters, addLogTimes, type LogFilterOptions, logFilterOf } from '../log-filter.ts';
import type { TableShape } from '../output.ts';

interface Row extends LogFacet {
  readonly name: string;
}

const FACETS: TableShape<Row> = {
  header: ['OF', 'COUNT', 'VALUE'],
  row: ({ name, value, count }) => [name, String(count), value],
  empty: 'No entry matches.',
};

/** `logs facets`. */
export function addFacetsCommand(logs: Command, cli: Cli): void {
  addLogTimes(addLogFilters(logs.command('facets')))
    .description('count what matching entries are about: types, verdicts, tools, users, sessions')
    .addHelpText('after', '\nExample:\n  $ countersign logs facets --verdict deny --since 24h')
    .action(
      cli.action(async ({ client, out, deps }, options: LogFilterOptions) => {
        const found = await (await client()).logs.facets(logFilterOf(options, deps.now()));
        if (out.json) {
          out.value(found);
          return EXIT.ok;
        }
        const data = Object.entries(found.facets).flatMap(([name, values]) =>
          values.map((one) => ({ name, ...one })),
        );
        out.list({ data, hasMore: false }, FACETS);
        if (!found.complete) out.note(`Counted are the newest ${found.counted} entries; there are more.`);
        return EXIT.ok;
      }),
    );
}
