/** The levels of log messages, from the least to the gravest (RFC 5424; MCP, Logging). */
const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;
export type LogLevel = (typeof LEVELS)[number];

export const LOG_LEVELS: readonly LogLevel[] = LEVELS;

export function isLogLevel(value: unknown): value is LogLevel {
  return LEVELS.some((level) => level === value);
}

/** Whether a message of this level is to be passed on to whoever asked for `least`; one of no known level never is. */
export function isLoudEnough(level: unknown, least: LogLevel): boolean {
  return isLogLevel(level) && LEVELS.indexOf(level) >= LEVELS.indexOf(least);
}

/**
 * What servers are told that is wanted of them: the least level that any client asked for. Clients that asked for none
 * leave it to the servers (2025-11-25, Logging), but do not lose what others turn down: they count as `info`. Undefined
 * while no client has asked.
 */
export function leastWanted(clients: Iterable<LogLevel | undefined>): LogLevel | undefined {
  const asked = [...clients];
  if (asked.every((level) => level === undefined)) return undefined;
  const wanted = new Set(asked.map((level) => level ?? 'info'));
  return LEVELS.find((level) => wanted.has(level));
}
