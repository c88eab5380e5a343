import { sha256Hex } from '../core/digest.ts';
import { LIMITS } from '../core/limits.ts';

/** Names that MCP allows for a tool (2025-11-25, "Tool Names"), with the slash that earlier revisions allowed. */
const LEGAL = /^[A-Za-z0-9_./-]{1,128}$/;

const UNSEEN = /[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/u;
const UNUSUAL_SPACE = /^\s|\s$|\s\s|[^\S ]/;
const WORD = /[\p{L}\p{M}]+/gu;
/** Letters of one of these are drawn like letters of another. */
const ALIKE = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u, /\p{Script=Armenian}/u];

/**
 * Why nobody could tell a tool's name by looking at it; undefined when one can. A name may be in any script. It holds no
 * character without a look of its own, no spaces but single ones within it, only characters that compatibility
 * normalisation (Unicode Standard Annex 15, NFKC) leaves as they are, and no word that mixes scripts of like letters.
 */
export function nameProblem(tool: string): string | undefined {
  if (tool === '') return 'it is empty';
  if (UNSEEN.test(tool)) return 'it holds characters that cannot be seen';
  if (UNUSUAL_SPACE.test(tool)) return 'it holds spaces that cannot be told';
  if (tool !== tool.normalize('NFKC')) return 'it holds characters that can be written in another way';
  const isMixed = (word: string): boolean => ALIKE.filter((script) => script.test(word)).length > 1;
  return (tool.match(WORD) ?? []).some(isMixed) ? 'it mixes scripts within a word' : undefined;
}

/**
 * The name under which agents see a tool, or undefined when it cannot have one. Without a prefix a legal name is
 * kept as it is. With a prefix the name must be one that can be told by looking at it, and the result is `prefix_tool` of at most 50 of the characters `A-Z a-z 0-9 _ -`; what
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
  if (nameProblem(tool) !== undefined) return undefined;
  const whole = `${prefix}_${tool}`;
  const clean = whole.replaceAll(/[^A-Za-z0-9_-]/g, '_');
  if (clean === whole && clean.length <= LIMITS.toolNameCharacters) return clean;
  const digest = sha256Hex(whole).slice(0, 8);
  return `${clean.slice(0, LIMITS.toolNameCharacters - digest.length - 1)}_${digest}`;
}
