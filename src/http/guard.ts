/** Which hosts this server answers for and which web origins may talk to it. Lower case, with port where not default. */
export interface AllowedParties {
  readonly hosts: ReadonlySet<string>;
  readonly origins: ReadonlySet<string>;
}

/**
 * Why a request is refused before anything reads it, or undefined. The Host must be ours (a rebound name is not);
 * an Origin, where a browser sends one, must be ours or one that the operator listed.
 */
export function refusedParty(
  headers: { readonly host: string | undefined; readonly origin: string | undefined },
  allowed: AllowedParties,
): string | undefined {
  const host = headers.host?.toLowerCase();
  if (host === undefined || !allowed.hosts.has(host)) {
    return 'Host is not one that this gateway answers for. Use its own address, or add the host to allowed_hosts.';
  }
  const origin = headers.origin?.toLowerCase();
  if (origin !== undefined && !allowed.origins.has(origin)) {
    return 'Origin is not allowed. Open the gateway at its own address, or add the origin to allowed_origins.';
  }
  return undefined;
}

/** The parties of a gateway that listens on `port` and is known to people as `publicOrigin`. */
export function allowedParties(input: {
  publicOrigin: string;
  port: number;
  hosts: readonly string[];
  origins: readonly string[];
}): AllowedParties {
  const names = ['localhost', '127.0.0.1', '[::1]'].map((name) => `${name}:${input.port}`);
  return {
    hosts: new Set(
      [...names, new URL(input.publicOrigin).host, ...input.hosts].map((host) => host.toLowerCase()),
    ),
    origins: new Set(
      [...names.map((name) => `http://${name}`), input.publicOrigin, ...input.origins].map((origin) =>
        origin.toLowerCase(),
      ),
    ),
  };
}
