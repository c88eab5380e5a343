import { escapeText, keepEscaped, piecesOf } from '../model/escape.ts';

function Pieces({ escaped }: { escaped: string }) {
  return (
    <bdi>
      {piecesOf(escaped).map((piece) => (piece.escaped ? <span class="esc">{piece.text}</span> : piece.text))}
    </bdi>
  );
}

/** Text that others wrote, as a text node: escaped outside printable ASCII unless `unicode` was asked for. */
export function TextOf({ text, unicode = false }: { text: string; unicode?: boolean }) {
  return <Pieces escaped={escapeText(text, unicode)} />;
}

/** The one-line effect, which the gateway makes and escapes. */
export function EffectOf({ effect }: { effect: string }) {
  return <Pieces escaped={keepEscaped(effect)} />;
}
