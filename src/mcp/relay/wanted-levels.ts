import { isLoudEnough, type LogLevel, leastWanted } from './log-level.ts';

/** Keeps servers at the least level of log messages that any client wants. */
export interface WantedLevels {
  /** What a client has asked for by `logging/setLevel`; undefined while it has asked for nothing. */
  set(client: string, level: LogLevel | undefined): void;
  /** What a client has asked for with one request: it counts beside what others of the same client ask for. */
  lower(client: string, level: LogLevel): void;
  leave(client: string): void;
}

export function createWantedLevels(tellServers: (level: LogLevel) => void): WantedLevels {
  const wanted = new Map<string, LogLevel | undefined>();
  const told: { level: LogLevel | undefined } = { level: undefined };

  function settle(): void {
    const least = leastWanted(wanted.values());
    if (least === undefined || least === told.level) return;
    told.level = least;
    tellServers(least);
  }

  return {
    set(client, level) {
      wanted.set(client, level);
      settle();
    },
    lower(client, level) {
      const known = wanted.get(client);
      if (known !== undefined && isLoudEnough(level, known)) return;
      wanted.set(client, level);
      settle();
    },
    leave(client) {
      if (wanted.delete(client)) settle();
    },
  };
}
