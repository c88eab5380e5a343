import type { McpAccess } from './ports.ts';

const NAME = 'countersign';

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** What to paste, and where, for one MCP client. */
export interface ConnectLines {
  readonly client: string;
  readonly steps: readonly { readonly say: string; readonly paste: string }[];
}

/** The lines that connect Claude Code, Cursor and VS Code to a session. They hold its token. */
export function connectLines({ url, headers }: Pick<McpAccess, 'url' | 'headers'>): ConnectLines[] {
  const flags = Object.entries(headers).map(([name, value]) => ` --header "${name}: ${value}"`);
  const cursorConfig = Buffer.from(JSON.stringify({ url, headers })).toString('base64');
  const cursorLink = `cursor://anysphere.cursor-deeplink/mcp/install?name=${NAME}&config=${encodeURIComponent(cursorConfig)}`;
  const vscode = { type: 'http', url, headers };
  return [
    {
      client: 'Claude Code',
      steps: [
        { say: 'in a terminal', paste: `claude mcp add --transport http ${NAME} ${url}${flags.join('')}` },
      ],
    },
    {
      client: 'Cursor',
      steps: [
        { say: 'open this link', paste: cursorLink },
        {
          say: 'or in .cursor/mcp.json',
          paste: JSON.stringify({ mcpServers: { [NAME]: { url, headers } } }),
        },
      ],
    },
    {
      client: 'VS Code',
      steps: [
        {
          say: 'in a terminal',
          paste: `code --add-mcp ${shellQuote(JSON.stringify({ name: NAME, ...vscode }))}`,
        },
        { say: 'or in .vscode/mcp.json', paste: JSON.stringify({ servers: { [NAME]: vscode } }) },
      ],
    },
  ];
}
