import type { DownstreamEvent } from '../downstream/catalog.ts';
import type { StartOptions } from './options.ts';

/** Tells whoever runs the gateway that a server offers a tool otherwise than it was accepted. */
export function tellDrift(event: DownstreamEvent, onEvent: StartOptions['onEvent']): void {
  if (event.kind !== 'tool_quarantined') return;
  const { server, tool, hash, reason, pinned = null } = event;
  onEvent?.({ event: 'server.drifted', server, tool, hash, pinned, reason });
}
