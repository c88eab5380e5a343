import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { CountersignError } from '../../core/errors.ts';
import { CARD_MIME_TYPE, CARD_URI } from './card.ts';

const BUILT = import.meta.url.endsWith('.ts') ? '../../../dist/mcp/card/card.html' : './card.html';

/** Where the build puts the card, seen from the sources and from what is built of them. */
const CARD_FILE = fileURLToPath(new URL(BUILT, import.meta.url));

/** No site may be reached, framed or loaded from, and no device is asked for: all that the card shows comes by the host. */
const UI = {
  csp: { connectDomains: [], resourceDomains: [], frameDomains: [], baseUriDomains: [] },
  prefersBorder: true,
};

/** The text of a `resources/read` result with the card. Throws `internal` when it was not built. */
export async function readCard(): Promise<string> {
  const text = await readFile(CARD_FILE, 'utf8').catch((cause: unknown) => {
    const message = 'The card for approvals is not built. In the gateway’s folder run: npm run build';
    throw new CountersignError('internal', message, { cause });
  });
  const content = { uri: CARD_URI, mimeType: CARD_MIME_TYPE, text, _meta: { ui: UI } };
  return JSON.stringify({ contents: [content] });
}
