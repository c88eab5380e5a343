import type { RefObject } from 'preact';
import { useRef } from 'preact/hooks';
import { lineNumbers } from '../../model/candidate.ts';

interface EditorProps {
  readonly name: string;
  readonly text: string;
  readonly area: RefObject<HTMLTextAreaElement | null>;
  readonly change: (text: string) => void;
}

/** The text of one file in a plain field, with the numbers of its lines beside it. */
export function CandidateEditor({ name, text, area, change }: EditorProps) {
  const numbers = useRef<HTMLPreElement>(null);
  return (
    <div class="numbered">
      <pre ref={numbers} aria-hidden="true">
        {lineNumbers(text)}
      </pre>
      <textarea
        ref={area}
        aria-label={`Text of ${name}`}
        rows={18}
        wrap="off"
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        value={text}
        onInput={(event) => change(event.currentTarget.value)}
        onScroll={(event) => {
          if (numbers.current !== null) numbers.current.scrollTop = event.currentTarget.scrollTop;
        }}
      />
    </div>
  );
}
