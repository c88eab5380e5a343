import { isJsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { Link, Log } from './link.ts';
import { failureOf, ownRequest } from './own-request.ts';

/** Tells a legacy server that logs which messages are wanted. In 2026-07-28 each request says so itself. */
export function tellLogLevel(link: Link | undefined, level: string | undefined, log: Log): void {
  if (link?.era !== 'legacy' || level === undefined || !isJsonObject(link.capabilities.logging)) return;
  const timeoutMs = LIMITS.downstreamProbeTimeoutMs;
  void ownRequest(link, { method: 'logging/setLevel', params: { level }, timeoutMs }).then((outcome) => {
    const problem = failureOf(outcome);
    if (problem !== undefined)
      log.debug({ problem }, 'the server did not take the level of its log messages');
  });
}
