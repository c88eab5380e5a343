/** A piece of text as it is shown: plain, or the escape of one code point. */
export interface Piece {
  readonly text: string;
  readonly escaped: boolean;
}

const OUTSIDE_ASCII = /[^\x20-\x7e]/gu;
/** What stays escaped in the Unicode view: nothing that is invisible, reorders text, or is an odd space. */
const UNSAFE = /(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}⟦⟧]/gu;
const BRACKETED = /⟦U\+[0-9A-F]{4,6}⟧/gu;

function codePoint(character: string): string {
  return `⟦U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟧`;
}

/**
 * Text with every code point outside printable ASCII as `⟦U+202E⟧`; with `unicode`, letters and marks stay and only
 * what hides or reorders is escaped. The brackets themselves are always escaped, so that no text can forge an escape.
 */
export function escapeText(text: string, unicode = false): string {
  return text.replace(unicode ? UNSAFE : OUTSIDE_ASCII, codePoint);
}

const ALREADY = /^(?:[\x20-\x7e]|⟦U\+[0-9A-F]{4,6}⟧)*$/u;

/** A line that the gateway has escaped by these same rules, left as it is; escaped here when it turns out not to be. */
export function keepEscaped(text: string): string {
  return ALREADY.test(text) ? text : escapeText(text);
}

const PIECES_MOST = 2_000;

/** Cuts escaped text into pieces, so that escapes can be coloured; one piece when there would be too many. */
export function piecesOf(escaped: string): Piece[] {
  const matches = [...escaped.matchAll(BRACKETED)];
  if (matches.length > PIECES_MOST) return [{ text: escaped, escaped: false }];
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of matches) {
    if (match.index > at) pieces.push({ text: escaped.slice(at, match.index), escaped: false });
    pieces.push({ text: match[0], escaped: true });
    at = match.index + match[0].length;
  }
  if (at < escaped.length) pieces.push({ text: escaped.slice(at), escaped: false });
  return pieces;
}

const SCRIPTS: readonly (readonly [string, RegExp])[] = [
  ['Latin', /\p{Script=Latin}/u],
  ['Cyrillic', /\p{Script=Cyrillic}/u],
  ['Greek', /\p{Script=Greek}/u],
  ['Armenian', /\p{Script=Armenian}/u],
  ['Cherokee', /\p{Script=Cherokee}/u],
  ['Hebrew', /\p{Script=Hebrew}/u],
  ['Arabic', /\p{Script=Arabic}/u],
  [
    'East Asian',
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}]/u,
  ],
];
const FULLWIDTH_OR_STYLED = /[\uFF01-\uFF5E\u{1D400}-\u{1D7FF}]/u;

/** Names the scripts of the first word that mixes several, as look-alike spellings do; undefined when none does. */
export function mixedScripts(text: string): string | undefined {
  for (const word of text.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []) {
    const found = SCRIPTS.filter(([, pattern]) => pattern.test(word)).map(([name]) => name);
    if (FULLWIDTH_OR_STYLED.test(word)) found.push('styled look-alike');
    if (found.length > 1) return found.join(' and ');
  }
  return undefined;
}
