import { resolve } from 'node:path';
import { Argument, type Command, Option } from 'commander';
import { CountersignError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { EndpointFinding } from '../../downstream/probe-endpoint.ts';
import { type ClientId, CONNECT_NAME, connectLines } from '../../sdk/connect-lines.ts';
import { type Access, CLIENT_IDS, type ConfigScope, clientConfig } from '../connect/client.ts';
import { type WrittenConfig, writeConfig } from '../connect/write-config.ts';
import type { Cli, Context } from '../context.ts';
import { parseDuration } from '../duration.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { addItems } from '../option-value.ts';
import { facts, manyLines, oneLine } from '../terminal-text.ts';

interface ConnectOptions {
  readonly user?: string;
  readonly ttl?: string;
  readonly tools?: string[];
  readonly sessionUrl?: string;
  readonly oauth?: boolean;
  readonly write?: boolean;
  readonly scope: ConfigScope;
  readonly file?: string;
  readonly name: string;
}

/** Access and, where one was made for it, the session. */
interface Granted {
  readonly access: Access;
  readonly session: { readonly id: string; readonly expiresAt: string } | null;
}

function bad(message: string): CountersignError {
  return new CountersignError('invalid_request', message);
}

/** A secret address as an address and a header: what stands in a header is kept out of more logs. */
function fromSecretUrl(text: string): Access {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const token = /^\/mcp\/(cst_[A-Za-z0-9_-]{43})$/.exec(url?.pathname ?? '')?.[1];
  if (url === undefined || token === undefined || `${url.search}${url.hash}${url.username}` !== '') {
    throw bad(
      '--session-url: expected the secret URL of a session, such as http://localhost:8420/mcp/cst_….',
    );
  }
  return { url: `${url.origin}/mcp`, headers: { Authorization: `Bearer ${token}` } };
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/;

async function grant(context: Context, options: ConnectOptions): Promise<Granted> {
  const { user, ttl, tools, sessionUrl, oauth = false } = options;
  const mints = user !== undefined || ttl !== undefined || tools !== undefined;
  if (Number(mints) + Number(sessionUrl !== undefined) + Number(oauth) > 1) {
    throw bad('Give --user, --ttl and --tools for a new session, or --session-url, or --oauth; not several.');
  }
  if (sessionUrl !== undefined) return { access: fromSecretUrl(sessionUrl), session: null };
  if (oauth) {
    const { origin } = await context.address();
    return { access: { url: `${origin}/mcp`, headers: {} }, session: null };
  }
  const { sessions } = await context.client();
  const minted = await sessions.mint({
    subject: user,
    ttlMs: ttl === undefined ? undefined : parseDuration(ttl, '--ttl'),
    tools,
    labels: { made_by: 'connect' },
  });
  const { id, expiresAt, mcp } = minted;
  return { access: { url: mcp.url, headers: mcp.headers }, session: { id, expiresAt } };
}

function checkText(finding: EndpointFinding): string {
  if (finding.kind === 'answers') {
    return `answers with ${finding.tools} tool${finding.tools === 1 ? '' : 's'} (${finding.protocolVersion})`;
  }
  return finding.kind === 'asks_to_log_in'
    ? 'answers, and asks the client to log in'
    : `does not answer: ${finding.reason}`;
}

function isGood(finding: EndpointFinding, oauth: boolean): boolean {
  return oauth ? finding.kind === 'asks_to_log_in' : finding.kind === 'answers';
}

function showLines({ out }: Context, client: ClientId, granted: Granted, name: string): void {
  for (const { id, client: title, steps } of connectLines(granted.access, name)) {
    if (id !== client) continue;
    out.line(out.style('bold', title));
    for (const { say, paste } of steps) out.lines([out.style('dim', `  ${say}`), `  ${paste}`]);
  }
}

function showWritten(
  { out }: Context,
  written: WrittenConfig,
  holdsToken: boolean,
  scope: ConfigScope,
): void {
  out.lines(
    facts([
      ['File', written.file],
      ['Before', written.backup],
    ]),
  );
  if (!written.changed) out.note('It held exactly this already.');
  out.lines(written.diff.map((line) => manyLines(line)));
  if (holdsToken && scope === 'project')
    out.note('The file holds the token of a session: keep it out of version control.');
}

async function connect(context: Context, client: ClientId, options: ConnectOptions): Promise<ExitCode> {
  const { deps, out } = context;
  const { scope, name, oauth = false, write = false } = options;
  if (!NAME.test(name)) throw bad('--name: expected 1 to 40 of the characters A-Z a-z 0-9 _ -');
  const granted = await grant(context, options);
  const { access, session } = granted;
  const { platform, home, cwd, env } = deps;
  const config = clientConfig(client, scope, { platform, home, cwd, env, access });
  const finding = await deps.probeMcp(access);
  const ok = isGood(finding, oauth);
  const file = options.file === undefined ? config.file : resolve(cwd, options.file);
  // What does not answer is not written: the client would fail with less of an explanation.
  const entry = config.entry as JsonObject;
  const written = write && ok ? await writeConfig(file, { key: config.key, name, entry }) : undefined;
  if (out.json) {
    out.value({
      client,
      file: written?.file ?? file,
      written: written?.changed ?? false,
      backup: written?.backup ?? null,
      member: config.key,
      name,
      definition: config.entry,
      session,
      check: { ok, ...finding },
    });
    return ok ? EXIT.ok : EXIT.error;
  }
  if (!write) showLines(context, client, granted, name);
  else if (written !== undefined) showWritten(context, written, !oauth, scope);
  if (session !== null)
    out.lines(
      facts([
        ['Session', session.id],
        ['Expires', session.expiresAt],
      ]),
    );
  out.line(
    `${out.style(ok ? 'green' : 'red', ok ? 'ok' : 'problem')}  ${oneLine(access.url)} ${oneLine(checkText(finding))}`,
  );
  if (ok) return EXIT.ok;
  out.note(`${write ? 'Nothing was written. ' : ''}See what is wrong: countersign doctor`);
  return EXIT.error;
}

/** `connect`: an MCP client's configuration, and whether it works. */
export function addConnectCommand(program: Command, cli: Cli): void {
  program
    .command('connect')
    .description(
      'connect an MCP client: print or write its configuration, and check that the gateway answers',
    )
    .addArgument(new Argument('<client>', 'which client').choices(CLIENT_IDS))
    .option('--user <id>', 'mint a session for this end user')
    .option('--ttl <duration>', 'how long that session lives, such as 12h or 7d')
    .option('--tools <pattern...>', 'what it may call: server/tool with *, ! excludes', addItems)
    .option('--session-url <url>', 'a session that is there already, by its secret URL')
    .option('--oauth', 'no session: the client logs in by the plain address, in a browser')
    .option('--write', 'write the file, beside a copy of what it was; other entries stay as they are')
    .addOption(
      new Option('--scope <scope>', 'whose file: of the project in this folder, or your own')
        .choices(['project', 'user'])
        .default('project'),
    )
    .option('--file <file>', 'another file than the client’s usual one')
    .option('--name <name>', 'the name of the entry', CONNECT_NAME)
    .addHelpText(
      'after',
      '\nExamples:\n  $ countersign connect claude --user ann --ttl 12h\n  $ countersign connect vscode --oauth --write',
    )
    .action(
      cli.action((context, client: ClientId, options: ConnectOptions) => connect(context, client, options)),
    );
}
