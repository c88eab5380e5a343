import { canonicalize } from './canonical.ts';
import { sha256Hex } from './digest.ts';
import type { JsonObject } from './json.ts';

/** What the member `lock` of a lock file of tool definitions holds. */
export const TOOL_LOCK_FORMAT = 'countersign/tool-lock/v1';

/** `sha256:` + hex over the canonical text of a tool's whole definition, as the downstream sent it. */
export function definitionHash(definition: JsonObject): string {
  return `sha256:${sha256Hex(canonicalize(definition))}`;
}
