import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CountersignError } from '../../core/errors.ts';
import type { Cli, Context } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import type { TableShape } from '../output.ts';
import {
  checkProfileName,
  type Profile,
  type Profiles,
  profileNamed,
  profilesFile,
  readProfiles,
  writeProfiles,
} from '../profiles.ts';
import { oneLine } from '../terminal-text.ts';

interface Listed {
  readonly name: string;
  readonly current: boolean;
  readonly url: string;
  readonly signsInBy: string;
}

function signsInBy({ apiKey, serviceAccount }: Profile): string {
  if (serviceAccount !== undefined) return serviceAccount;
  return apiKey === undefined ? '' : 'an API key';
}

const PROFILES: TableShape<Listed> = {
  header: ['', 'NAME', 'URL', 'SIGNS IN BY'],
  row: (one) => [one.current ? '*' : '', one.name, one.url, one.signsInBy],
  empty: 'There are no profiles. Make one: countersign profile add NAME --url URL',
};

function checkUrl(url: string | undefined): string {
  if (url !== undefined && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new CountersignError(
    'invalid_request',
    `--url: expected an address such as https://gate.example, but got "${url ?? ''}".`,
  );
}

async function newProfile(context: Context, fromStdin: boolean): Promise<Profile> {
  const { deps, given } = context;
  const url = checkUrl(given.url);
  const apiKey = fromStdin ? (await deps.readStdin()).trim() : given.apiKey;
  if (apiKey === '')
    throw new CountersignError('invalid_request', 'stdin: expected an API key, but it is empty.');
  const { serviceAccount, keyFile } = given;
  if ((serviceAccount === undefined) !== (keyFile === undefined))
    throw new CountersignError('invalid_request', '--service-account and --key-file go together.');
  if (serviceAccount !== undefined && apiKey !== undefined)
    throw new CountersignError(
      'invalid_request',
      '--api-key, --service-account: expected one of them, not both.',
    );
  return { url, apiKey, serviceAccount, keyFile: keyFile && resolve(deps.cwd, keyFile) };
}

/** Changes the file, and tells the profile that the command is about. */
function change(context: Context, name: string, how: (before: Profiles) => Profiles): void {
  const file = profilesFile(context.deps);
  const after = how(readProfiles(file));
  writeProfiles(file, after);
  if (context.out.json) context.out.value({ file, name, current: after.current ?? null });
  else context.out.note(`${oneLine(file)} is written. In use: ${after.current ?? 'none'}.`);
}

/** `profile add|list|use|remove`. */
export function addProfileCommands(program: Command, cli: Cli): void {
  const profile = program
    .command('profile')
    .description('gateways by name, each with a way to sign in; kept in a file that only you can read');

  profile
    .command('add <name>')
    .description(
      'keep --url, and --api-key or --service-account and --key-file, under a name; replaces one that is there',
    )
    .option('--api-key-stdin', 'read the API key from standard input, where no other user can see it')
    .addHelpText(
      'after',
      '\nExamples:\n  $ countersign profile add prod --url https://gate.example --api-key-stdin < key.txt' +
        '\n  $ countersign profile add bot --url https://gate.example --service-account svc_1a2b --key-file bot.key',
    )
    .action(
      cli.action(async (context, name: string, options: { apiKeyStdin?: boolean }) => {
        checkProfileName(name);
        const made = await newProfile(context, options.apiKeyStdin === true);
        change(context, name, ({ current, named }) => ({
          current: current ?? name,
          named: new Map([...named, [name, made]]),
        }));
        return EXIT.ok;
      }),
    );

  profile
    .command('list')
    .description('list the profiles; the one in use has a star')
    .addHelpText('after', '\nExample:\n  $ countersign profile list')
    .action(
      cli.action(async ({ deps, out }) => {
        const { current, named } = readProfiles(profilesFile(deps));
        const data = [...named].map(([name, one]) => ({
          name,
          current: name === current,
          url: one.url,
          signsInBy: signsInBy(one),
        }));
        out.list({ data, hasMore: false }, PROFILES);
        return EXIT.ok;
      }),
    );

  profile
    .command('use <name>')
    .description('use it wherever nothing else names a gateway')
    .addHelpText('after', '\nExample:\n  $ countersign profile use prod')
    .action(
      cli.action(async (context, name: string) => {
        change(context, name, (before) => {
          profileNamed(before, name);
          return { ...before, current: name };
        });
        return EXIT.ok;
      }),
    );

  profile
    .command('remove <name>')
    .description('forget it, and the key that it holds')
    .addHelpText('after', '\nExample:\n  $ countersign profile remove prod')
    .action(
      cli.action(async (context, name: string) => {
        change(context, name, (before) => {
          profileNamed(before, name);
          const { current, named } = before;
          const rest = new Map([...named].filter(([other]) => other !== name));
          return { current: current === name ? undefined : current, named: rest };
        });
        return EXIT.ok;
      }),
    );
}
