import { escapeToAscii } from '../../core/ascii.ts';

/**
 * Text that an agent may have written, for a medium that turns addresses into links by itself: printable ASCII with
 * everything else as `⟦U+202E⟧`, on one line, at most `characters` long, and with nothing in it that is taken for an
 * address: `https[:]//evil[.]example`.
 */
export function inert(text: string, characters: number): string {
  const shown = escapeToAscii(text)
    .replaceAll('://', '[:]//')
    .replaceAll(/\b(mailto|tel|javascript|data|sms):/gi, '$1[:]')
    .replaceAll(/\.(?=[A-Za-z])/g, '[.]');
  return shown.length <= characters ? shown : `${shown.slice(0, characters - 3)}...`;
}

const HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function forHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => HTML[character] ?? '');
}

/** For Slack, where `<!channel>` and `<https://…|text>` are mentions and links ("Formatting text: escaping"). */
export function forSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** For Discord's Markdown: every character that can begin a format, a mention, a link or a time stands for itself. */
export function forMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_~|>#<()[\]@:-]/g, '\\$&');
}
