import { posix, win32 } from 'node:path';
import type { ClientId } from '../../sdk/connect-lines.ts';
import type { Environment, McpAccess } from '../ports.ts';

export const CLIENT_IDS: readonly ClientId[] = ['claude', 'cursor', 'vscode'];

/** Whose configuration: that of the project in the current folder, or the person's own everywhere. */
export type ConfigScope = 'project' | 'user';

export type Access = Pick<McpAccess, 'url' | 'headers'>;

/** The machine, as far as it decides where files are. */
export interface Host {
  readonly platform: string;
  readonly home: string;
  readonly cwd: string;
  readonly env: Environment;
}

interface KnownClient {
  readonly title: string;
  /** The member of the file under which its servers stand. */
  readonly key: 'mcpServers' | 'servers';
  readonly project: readonly string[];
  readonly user: (host: Host) => readonly string[];
  readonly typed: boolean;
}

function codeFolder({ platform, home, env }: Host): readonly string[] {
  if (platform === 'win32') return [env.APPDATA || win32.join(home, 'AppData', 'Roaming'), 'Code', 'User'];
  if (platform === 'darwin') return [home, 'Library', 'Application Support', 'Code', 'User'];
  return [env.XDG_CONFIG_HOME || posix.join(home, '.config'), 'Code', 'User'];
}

const CLIENTS: Readonly<Record<ClientId, KnownClient>> = {
  claude: {
    title: 'Claude Code',
    key: 'mcpServers',
    project: ['.mcp.json'],
    user: ({ home }) => [home, '.claude.json'],
    typed: true,
  },
  cursor: {
    title: 'Cursor',
    key: 'mcpServers',
    project: ['.cursor', 'mcp.json'],
    user: ({ home }) => [home, '.cursor', 'mcp.json'],
    typed: false,
  },
  vscode: {
    title: 'VS Code',
    key: 'servers',
    project: ['.vscode', 'mcp.json'],
    user: (host) => [...codeFolder(host), 'mcp.json'],
    typed: true,
  },
};

/** What is written for one client, and where. */
export interface ClientConfig {
  readonly title: string;
  readonly file: string;
  readonly key: 'mcpServers' | 'servers';
  readonly entry: Readonly<Record<string, unknown>>;
}

/** The file and the entry of a client. Where there are no headers the client logs in by itself. */
export function clientConfig(
  client: ClientId,
  scope: ConfigScope,
  input: Host & { access: Access },
): ClientConfig {
  const { title, key, project, user, typed } = CLIENTS[client];
  const { url, headers } = input.access;
  const { join } = input.platform === 'win32' ? win32 : posix;
  const file = scope === 'project' ? join(input.cwd, ...project) : join(...user(input));
  const entry = {
    ...(typed ? { type: 'http' } : {}),
    url,
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  };
  return { title, file, key, entry };
}
