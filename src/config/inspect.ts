import { type ConfigInput, loadConfig } from '../config.ts';
import { isLoopbackHost } from '../downstream/oauth/auth.ts';
import type { ServerConfig } from '../downstream/server-config.ts';

/** What a configuration says, without a secret of it. */
export interface ConfigFacts {
  readonly files: readonly string[];
  /** Where the gateway is reached. */
  readonly origin: string;
  readonly host: string;
  readonly dataDir: string;
  readonly policiesDir: string;
  readonly servers: readonly {
    readonly name: string;
    readonly place: string;
    readonly disabled: boolean;
    /** Its headers, which may hold credentials, go to another machine without TLS. */
    readonly inTheClear: boolean;
  }[];
  readonly witnesses: number;
}

function isInTheClear(server: ServerConfig): boolean {
  if (server.kind === 'stdio' || Object.keys(server.headers).length === 0) return false;
  const { protocol, hostname } = new URL(server.url);
  return protocol === 'http:' && !isLoopbackHost(hostname);
}

/** Reads the configuration as a start would, and makes nothing on disk. Throws what a start would throw. */
export function inspectConfig(input: ConfigInput): ConfigFacts {
  const config = loadConfig({ ...input, readOnly: true });
  const { files, host, port, publicOrigin, dataDir, policiesDir, servers, witnesses } = config;
  return {
    files,
    origin: publicOrigin ?? `http://localhost:${port}`,
    host,
    dataDir,
    policiesDir,
    servers: servers.map((server) => ({
      name: server.name,
      place: server.place,
      disabled: server.disabled,
      inTheClear: isInTheClear(server),
    })),
    witnesses: witnesses.length,
  };
}
