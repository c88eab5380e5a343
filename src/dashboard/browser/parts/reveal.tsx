import { useLayoutEffect, useRef } from 'preact/hooks';
import { isFocusLost } from '../arrival.ts';
import { hiddenValues } from '../model/hidden.ts';
import type { Part, Revealing } from '../reveal.ts';
import { TextOf } from './text-of.tsx';
import { Trouble } from './trouble.tsx';

interface RevealProps {
  readonly revealing: Revealing;
  readonly part: Part;
  /** Pointers to what policy hides; empty where nothing is hidden. */
  readonly hidden: readonly string[];
  readonly isRevealed: boolean;
  /** Whether this person may decide the call, or has decided it. */
  readonly may: boolean;
}

/** Which values policy hides, with the button that shows them to whoever may see them. */
export function Reveal({ revealing, part, hidden, isRevealed, may }: RevealProps) {
  const { doing, trouble, reveal } = revealing;
  const line = useRef<HTMLParagraphElement>(null);
  const before = useRef(isRevealed);
  useLayoutEffect(() => {
    // The button that was pressed has gone.
    if (isRevealed && !before.current && isFocusLost()) line.current?.focus();
    before.current = isRevealed;
  }, [isRevealed]);
  if (hidden.length === 0) return null;
  const here = doing === part;
  return (
    <div class="reveal">
      <p ref={line} tabIndex={-1}>
        <strong>
          {isRevealed
            ? `${hiddenValues(hidden.length)} revealed to you:`
            : `Policy hides ${hidden.length} ${hidden.length === 1 ? 'value' : 'values'}:`}
        </strong>{' '}
        {hidden.map((pointer, at) => (
          <span key={pointer}>
            {at > 0 && ', '}
            <code>
              <TextOf text={pointer.replace(/^result:/, '') || '(all)'} />
            </code>
          </span>
        ))}
      </p>
      {!isRevealed && may && (
        <div class="buttons">
          <button type="button" disabled={doing !== undefined} onClick={() => void reveal(part)}>
            {here ? 'Revealing…' : `Reveal ${hiddenValues(hidden.length)}`}
          </button>
          <p class="fine">The ledger will tell that you have seen {hidden.length === 1 ? 'it' : 'them'}.</p>
        </div>
      )}
      {!isRevealed && !may && (
        <p class="fine">
          {part === 'arguments'
            ? 'Only people who may decide this call now, or have decided it, can reveal them.'
            : 'Only people who have decided this call can reveal them.'}
        </p>
      )}
      {(doing === undefined || here) && <Trouble of={trouble} />}
    </div>
  );
}
