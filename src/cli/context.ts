import type { Command } from 'commander';
import type { Countersign } from '../sdk/countersign.ts';
import type { Page, Paged } from '../sdk/page.ts';
import { type Connection, dataDirOf, findConnection, findOrigin } from './connection.ts';
import type { ExitCode } from './exit-code.ts';
import { createOutput, type Output } from './output.ts';
import type { CliDeps } from './ports.ts';

/** The options that every command takes. */
export interface GlobalOptions {
  readonly url?: string;
  readonly apiKey?: string;
  readonly serviceAccount?: string;
  readonly keyFile?: string;
  readonly dataDir?: string;
  readonly profile?: string;
  readonly json?: boolean;
}

/** What one run of one command works with. */
export interface Context {
  readonly deps: CliDeps;
  /** The options that every command takes, as they were given. */
  readonly given: GlobalOptions;
  readonly out: Output;
  readonly dataDir: string;
  /** The data directory, if it was named on the command line. */
  readonly givenDataDir: string | undefined;
  connection(): Promise<Connection>;
  client(): Promise<Countersign>;
  /** Which gateway, for what needs no API key. */
  address(): Promise<{ readonly origin: string }>;
  /** A client without credentials, for what carries its own. */
  openClient(): Promise<Countersign>;
  /** Aborted by the first Ctrl-C; the process ends at the second. */
  stopSignal(): AbortSignal;
}

export interface Cli {
  readonly deps: CliDeps;
  /** Makes the handler of a command; `run` gets its arguments in order, its options last. */
  action<A extends unknown[]>(
    run: (context: Context, ...given: A) => Promise<ExitCode>,
  ): (...given: unknown[]) => Promise<void>;
}

export interface Finish {
  exitCode: ExitCode;
  readonly cleanUps: (() => void)[];
}

function contextOf(deps: CliDeps, options: GlobalOptions, finish: Finish): Context {
  const dataDir = dataDirOf({ flag: options.dataDir, env: deps.env, cwd: deps.cwd });
  const connection = () =>
    findConnection({
      url: options.url,
      apiKey: options.apiKey,
      serviceAccount: options.serviceAccount,
      keyFile: options.keyFile,
      profile: options.profile,
      cwd: deps.cwd,
      home: deps.home,
      dataDir,
      env: deps.env,
    });
  const address = async () => ({
    origin: await findOrigin({
      url: options.url,
      profile: options.profile,
      home: deps.home,
      dataDir,
      env: deps.env,
    }),
  });
  return {
    deps,
    given: options,
    out: createOutput(deps, options.json === true),
    dataDir,
    givenDataDir: options.dataDir === undefined ? undefined : dataDir,
    connection,
    async client() {
      const { origin, apiKey, serviceAccount } = await connection();
      // Late, since the gateway itself starts by this command line and needs no client.
      const { Countersign } = await import('../sdk/countersign.ts');
      return new Countersign({ baseUrl: origin, apiKey, serviceAccount });
    },
    address,
    async openClient() {
      const { origin } = await address();
      const { Countersign } = await import('../sdk/countersign.ts');
      return new Countersign({ baseUrl: origin });
    },
    stopSignal() {
      const stop = new AbortController();
      const off = deps.onSignal(() => {
        if (stop.signal.aborted) deps.exitNow(130);
        stop.abort();
      });
      finish.cleanUps.push(off);
      return stop.signal;
    },
  };
}

export function createCli(deps: CliDeps, finish: Finish): Cli {
  return {
    deps,
    action:
      <A extends unknown[]>(run: (context: Context, ...given: A) => Promise<ExitCode>) =>
      async (...given: unknown[]) => {
        const command = given.at(-1) as Command;
        const context = contextOf(deps, command.optsWithGlobals<GlobalOptions>(), finish);
        try {
          finish.exitCode = await run(context, ...(given.slice(0, -1) as A));
        } catch (error) {
          const { withHint } = await import('./did-you-mean.ts');
          const noun = command.parent?.name() ?? '';
          throw await withHint(error, { noun, given: given[0], client: context.client });
        }
      },
  };
}

const LARGEST_PAGE = 200;

/** The limit of a list that is wanted whole. */
export const EVERY = 100_000;

/** The first `limit` items of a list, over as many pages as that takes. */
export async function collect<T>(
  fetchPage: (page: { limit: number; cursor?: string }) => Paged<T>,
  limit: number,
): Promise<{ data: T[]; hasMore: boolean }> {
  const data: T[] = [];
  let page: Page<T> = await fetchPage({ limit: Math.min(limit, LARGEST_PAGE) });
  data.push(...page.data);
  while (page.hasMore && page.nextCursor !== null && data.length < limit) {
    page = await fetchPage({ limit: Math.min(limit - data.length, LARGEST_PAGE), cursor: page.nextCursor });
    data.push(...page.data);
  }
  return { data, hasMore: page.hasMore };
}
