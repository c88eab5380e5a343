import { escapeText, piecesOf } from '../model/escape.ts';

/** Text that others wrote, as a text node: escaped outside printable ASCII unless `unicode` was asked for. */
export function TextOf({ text, unicode = false }: { text: string; unicode?: boolean }) {
  const pieces = piecesOf(escapeText(text, unicode));
  return (
    <bdi>{pieces.map((piece) => (piece.escaped ? <span class="esc">{piece.text}</span> : piece.text))}</bdi>
  );
}
