import { sha256Hex } from '../core/digest.ts';
import { LIMITS } from '../core/limits.ts';

/** Names that MCP allows for a tool (2025-11-25, "Tool Names"), with the slash that earlier revisions allowed. */
const LEGAL = /^[A-Za-z0-9_./-]{1,128}$/;

/**
 * The name under which agents see a tool, or undefined when it cannot have one. Without a prefix a legal name is
 * kept as it is. With a prefix the result is `prefix_tool` of at most 50 of the characters `A-Z a-z 0-9 _ -`; what
 * does not fit is replaced by `_` or cut, and then a digest of the whole name keeps it apart from others.
 */
export function exposedName({
  prefix,
  tool,
}: {
  prefix: string | undefined;
  tool: string;
}): string | undefined {
  if (prefix === undefined) return LEGAL.test(tool) ? tool : undefined;
  if (tool === '') return undefined;
  const whole = `${prefix}_${tool}`;
  const clean = whole.replaceAll(/[^A-Za-z0-9_-]/g, '_');
  if (clean === whole && clean.length <= LIMITS.toolNameCharacters) return clean;
  const digest = sha256Hex(whole).slice(0, 8);
  return `${clean.slice(0, LIMITS.toolNameCharacters - digest.length - 1)}_${digest}`;
}
