import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { OWN_RESOURCES } from '../../gate/own-resources.ts';
import { APPROVAL_STATUS } from '../../gate/own-tools.ts';

/** MCP Apps (SEP-1865, 2026-01-26): the extension by which a host shows HTML of a server's inside a conversation. */
export const UI_EXTENSION = 'io.modelcontextprotocol/ui';

/** The one form in which such HTML is served (SEP-1865, Content Requirements). */
export const CARD_MIME_TYPE = 'text/html;profile=mcp-app';

/** The card that shows how a held call stands. */
export const CARD_URI = `${OWN_RESOURCES}approval`;

/** The key by which hosts of drafts of the extension found a tool's card. */
const DRAFT_KEY = 'ui/resourceUri';

/** Whether a client declared that it shows cards (SEP-1865, Client Capabilities). */
export function showsCards(clientCapabilities: JsonObject): boolean {
  const { extensions } = clientCapabilities;
  const ui = isJsonObject(extensions) ? extensions[UI_EXTENSION] : undefined;
  return isJsonObject(ui) && Array.isArray(ui.mimeTypes) && ui.mimeTypes.includes(CARD_MIME_TYPE);
}

/** A definition with the card, unless its server has said itself how hosts are to show it: that is left as it is. */
export function withCard(definition: JsonObject): JsonObject {
  const { _meta: meta } = definition;
  const told = isJsonObject(meta) ? meta : {};
  if ('ui' in told || DRAFT_KEY in told) return definition;
  return { ...definition, _meta: { ...told, ui: { resourceUri: CARD_URI } } };
}

/** What the card asks while it is shown. Hosts keep it from the model and let only cards of this gateway call it. */
export const APPROVAL_STATUS_TOOL: JsonObject = {
  name: APPROVAL_STATUS,
  title: 'State of an approval',
  description: 'Says at once how an approval of this session stands. It decides nothing.',
  inputSchema: {
    type: 'object',
    properties: {
      approval_id: { type: 'string', description: 'The approval_id of a pending result' },
      tool: { type: 'string', description: 'Instead of it, with arguments: the tool of a call that waits' },
      arguments: { type: 'object', description: 'The arguments of that call' },
    },
    additionalProperties: false,
  },
  annotations: { readOnlyHint: true, openWorldHint: false },
  _meta: { ui: { visibility: ['app'] } },
};
