import type { McpAccess } from './sessions.ts';

/** The MCP clients whose configuration is known here. */
export type ClientId = 'claude' | 'cursor' | 'vscode';

/** What the gateway is called in a client's configuration, unless told otherwise. */
export const CONNECT_NAME = 'countersign';

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Base64 of the text's UTF-8 bytes. */
function base64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''));
}

/** What to paste, and where, for one MCP client. */
export interface ConnectLines {
  readonly id: ClientId;
  readonly client: string;
  readonly steps: readonly { readonly say: string; readonly paste: string }[];
}

/**
 * The lines that connect Claude Code, Cursor and VS Code. With the headers of a session they hold its token; without
 * headers the client logs in by itself.
 */
export function connectLines(
  { url, headers }: Pick<McpAccess, 'url' | 'headers'>,
  name = CONNECT_NAME,
): ConnectLines[] {
  const shared = { url, ...(Object.keys(headers).length === 0 ? {} : { headers }) };
  const flags = Object.entries(headers).map(([name, value]) => ` --header "${name}: ${value}"`);
  const cursorConfig = base64(JSON.stringify(shared));
  const cursorLink = `cursor://anysphere.cursor-deeplink/mcp/install?name=${encodeURIComponent(name)}&config=${encodeURIComponent(cursorConfig)}`;
  const vscode = { type: 'http', ...shared };
  return [
    {
      id: 'claude',
      client: 'Claude Code',
      steps: [
        { say: 'in a terminal', paste: `claude mcp add --transport http ${name} ${url}${flags.join('')}` },
      ],
    },
    {
      id: 'cursor',
      client: 'Cursor',
      steps: [
        { say: 'open this link', paste: cursorLink },
        {
          say: 'or in .cursor/mcp.json',
          paste: JSON.stringify({ mcpServers: { [name]: shared } }),
        },
      ],
    },
    {
      id: 'vscode',
      client: 'VS Code',
      steps: [
        {
          say: 'in a terminal',
          paste: `code --add-mcp ${shellQuote(JSON.stringify({ name, ...vscode }))}`,
        },
        { say: 'or in .vscode/mcp.json', paste: JSON.stringify({ servers: { [name]: vscode } }) },
      ],
    },
  ];
}
