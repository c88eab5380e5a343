import type { JsonObject } from '../core/json.ts';
import type { OfferedCapabilities } from '../downstream/catalog.ts';
import { CARD_MIME_TYPE, UI_EXTENSION } from './card/card.ts';

/** What every client is told about held calls when it connects. */
export const INSTRUCTIONS =
  'Some tools here need a person’s approval. Such a call returns at once with status "pending_approval" and has not run: ' +
  'tell the user to open approve_url, then call approval_wait with the approval_id to get the real result.';

/** What the gateway offers, in the form both eras announce it: its own part, and what some server behind it has. */
export function capabilitiesFor(
  { logging, subscribe, completions }: OfferedCapabilities,
  extensions: JsonObject = {},
) {
  return {
    tools: { listChanged: true },
    resources: { listChanged: true, ...(subscribe ? { subscribe } : {}) },
    prompts: { listChanged: true },
    ...(completions ? { completions: {} } : {}),
    ...(logging ? { logging: {} } : {}),
    extensions: { [UI_EXTENSION]: { mimeTypes: [CARD_MIME_TYPE] }, ...extensions },
  };
}
