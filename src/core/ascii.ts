/**
 * Shows every code point outside printable ASCII as `⟦U+202E⟧`. Injective: the brackets themselves are outside ASCII
 * and are escaped too, so no text can imitate an escape.
 */
export function escapeToAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, (character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return `⟦U+${hex}⟧`;
  });
}
