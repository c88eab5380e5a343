import type { ServerTool } from '../../../../sdk/servers.ts';
import { hiddenCount, type ShownChange, shownChanges } from '../../model/server-words.ts';
import { TextOf } from '../text-of.tsx';

/** Text of several lines, each escaped by itself, so that line breaks stay and nothing else does. */
export function Lines({ text }: { text: string }) {
  return (
    <>
      {text.split('\n').map((line, index) => (
        // Lines of one text never move against each other.
        <span key={index} class="line">
          <TextOf text={line} />
        </span>
      ))}
    </>
  );
}

function Side({ kind, text }: { kind: 'gone' | 'new'; text: string }) {
  return (
    <pre class={`side ${kind}`}>
      <span class="sign">{kind === 'gone' ? '− accepted' : '+ offered now'}</span>
      <Lines text={text} />
    </pre>
  );
}

function Words({ words }: { words: NonNullable<ShownChange['words']> }) {
  return (
    <p class="words">
      {words.map(({ kind, text }, index) => {
        const shown = <TextOf text={text} />;
        if (kind === 'gone') return <del key={index}>{shown}</del>;
        if (kind === 'new') return <ins key={index}>{shown}</ins>;
        return <span key={index}>{shown}</span>;
      })}
    </p>
  );
}

/** What differs between the accepted definition of a tool and the one on offer, at each JSON Pointer, in full. */
export function ToolDiff({ tool }: { tool: ServerTool }) {
  const hidden = hiddenCount(tool);
  return (
    <div class="tool-diff">
      {hidden > 0 && (
        <div class="warning-note">
          <p>
            {hidden} {hidden === 1 ? 'character' : 'characters'} in this definition would not be seen, or
            would reorder what is. They are written as <span class="esc">⟦U+…⟧</span>.
          </p>
        </div>
      )}
      <ol aria-label="Differences">
        {shownChanges(tool).map((change) => (
          <li key={change.at}>
            <code class="pointer">
              {change.at === '' ? 'the whole definition' : <TextOf text={change.at} />}
            </code>
            {change.before !== undefined && <Side kind="gone" text={change.before} />}
            {change.after !== undefined && <Side kind="new" text={change.after} />}
            {change.words !== undefined && <Words words={change.words} />}
          </li>
        ))}
      </ol>
    </div>
  );
}
