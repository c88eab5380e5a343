import type { Command } from 'commander';
import { CountersignError, errorText } from '../../core/errors.ts';
import type { Cli, Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { listenForCallback } from '../loopback.ts';
import { wholeNumber } from '../option-value.ts';
import { facts, oneLine } from '../terminal-text.ts';

interface LoginOptions {
  readonly port: number;
  readonly paste?: boolean;
}

async function pasted({ deps }: Context): Promise<string> {
  if (deps.ask === undefined) return (await deps.readStdin()).trim();
  return (await deps.ask('Address that the browser was sent back to: ')).trim();
}

/** The address that the browser is sent back to: taken by the listener, or pasted where the browser is elsewhere. */
async function login(
  context: Context,
  name: string,
  { port, paste = false }: LoginOptions,
): Promise<ExitCode> {
  const { client, deps, out } = context;
  const { servers } = await client();
  const loopback = await listenForCallback(port);
  const end = { text: 'The login did not work; the terminal says why. You can close this page.' };
  try {
    const { authorizationUrl } = await servers.login({ server: name, redirectUri: loopback.redirectUri });
    if (!/^https?:\/\//.test(authorizationUrl))
      throw new CountersignError('downstream_unavailable', 'The address to log in at is no web address.');
    out.note('Log in and agree there, as the account that the gateway is to use:');
    out.note(`  ${oneLine(authorizationUrl)}`);
    if (!paste && deps.isTty.stdout) await deps.openUrl(authorizationUrl);
    if (paste)
      out.note(
        'Then paste the whole address of the page that the browser ends on, also when it fails to load.',
      );
    const callback = paste ? await pasted(context) : await loopback.callback(context.stopSignal());
    const done = await servers.finishLogin({ server: name, callback });
    end.text = 'The gateway is logged in. You can close this page.';
    if (out.json) out.value(done);
    else {
      out.lines(
        facts([
          ['Logged in to', done.server],
          ['By', done.issuer],
          ['Scope', done.scope],
          ['Until', done.renewable ? 'it is taken back; renewed by itself' : (done.expiresAt ?? 'not told')],
        ]),
      );
    }
    return EXIT.ok;
  } finally {
    await loopback.close(end.text).catch((error: unknown) => out.note(errorText(error)));
  }
}

/** `server login` and `server logout`. */
export function addLoginCommands(server: Command, cli: Cli): void {
  server
    .command('login <name>')
    .description('log in at a remote server’s authorization server, for the gateway')
    .option(
      '--port <n>',
      'where the browser comes back to on this machine, if the server was told one (default: any)',
      wholeNumber('--port', { min: 0, max: 65_535 }),
      0,
    )
    .option('--paste', 'the browser is on another machine: paste the address that it ends on')
    .addHelpText('after', '\nExample:\n  $ countersign server login payments')
    .action(cli.action((context, name: string, options: LoginOptions) => login(context, name, options)));

  server
    .command('logout <name>')
    .description('have the gateway forget what a login gave')
    .addHelpText('after', '\nExample:\n  $ countersign server logout crm')
    .action(
      cli.action(async ({ client, out }, name: string) => {
        const { servers } = await client();
        await servers.logout(name);
        if (out.json) out.value({ server: name });
        else out.line(`Forgotten: the login of ${oneLine(name)}. End the access there too, in its settings.`);
        return EXIT.ok;
      }),
    );
}
