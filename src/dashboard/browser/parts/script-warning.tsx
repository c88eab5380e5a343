import { escapeText, mixedScripts } from '../model/escape.ts';
import type { TreeRow } from '../model/tree.ts';
import { TextOf } from './text-of.tsx';

const SHOWN = 5;

/** Says what in the arguments is not what it may look like: escaped code points, words of mixed scripts. */
export function ScriptWarning({ rows, unicode }: { rows: readonly TreeRow[]; unicode: boolean }) {
  const texts = rows.flatMap((row) => (typeof row.value === 'string' ? [row.key, row.value] : [row.key]));
  const escaped = texts.filter((text) => escapeText(text) !== text).length;
  const mixed = rows.flatMap((row) => {
    const scripts =
      mixedScripts(row.key) ?? (typeof row.value === 'string' ? mixedScripts(row.value) : undefined);
    return scripts === undefined ? [] : [{ path: row.path, scripts }];
  });
  if (escaped === 0) return null;
  return (
    <div class="warning-note" role="note">
      <p>
        {escaped} {escaped === 1 ? 'text holds' : 'texts hold'} characters outside printable ASCII
        {unicode ? '; what is invisible or reorders text stays escaped.' : ', shown as their code points.'}
      </p>
      {mixed.slice(0, SHOWN).map(({ path, scripts }) => (
        <p key={path}>
          <strong>Look-alikes:</strong> a word in <TextOf text={path} /> mixes {scripts}.
        </p>
      ))}
      {mixed.length > SHOWN && <p>And {mixed.length - SHOWN} more places mix scripts.</p>}
    </div>
  );
}
