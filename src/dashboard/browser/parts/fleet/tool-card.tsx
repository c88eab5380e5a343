import type { ServerTool } from '../../../../sdk/servers.ts';
import { hasDrifted } from '../../../../sdk/tool-change.ts';
import type { Me } from '../../api.ts';
import { descriptionOf } from '../../model/server-words.ts';
import { TextOf } from '../text-of.tsx';
import { Badge } from './badge.tsx';
import { Moment } from './moment.tsx';
import { Who } from './session-row.tsx';
import { Lines, ToolDiff } from './tool-diff.tsx';

/** What a person may do with a definition that is not the accepted one. */
export type ToolReview = 'accept' | 'refuse';

interface ShutProps {
  readonly tool: ServerTool;
  readonly me: Me;
  readonly now: number;
  readonly review: (what: ToolReview) => void;
}

function Refused({ tool, me, now, review }: ShutProps) {
  const { refusal } = tool;
  return (
    <>
      <p>
        {refusal === null ? (
          'This definition was refused.'
        ) : (
          <>
            Refused by <Who text={refusal.by} me={me} /> <Moment at={refusal.at} now={now} />
            {refusal.reason === null ? (
              '.'
            ) : (
              <>
                : <TextOf text={refusal.reason} />
              </>
            )}
          </>
        )}
      </p>
      <p class="fine">
        No agent sees it.{' '}
        {tool.pinnedHash !== null && 'It opens when its server goes back to the accepted definition.'}
      </p>
      <details>
        <summary>
          What was refused
          <span class="visually-hidden">
            {' of '}
            <TextOf text={tool.tool} />
          </span>
        </summary>
        <ToolDiff tool={tool} />
        <div class="buttons">
          <button type="button" onClick={() => review('accept')}>
            Accept this definition…
          </button>
        </div>
      </details>
    </>
  );
}

function Quarantine({ tool, review }: ShutProps) {
  if (!hasDrifted(tool))
    return (
      <p>
        Two servers claim the name{' '}
        <code>
          <TextOf text={tool.exposed} />
        </code>
        , so agents see neither. Give one of them a <code>prefix</code> in the configuration.
      </p>
    );
  return (
    <>
      <p>
        {tool.pinnedHash === null
          ? 'This tool was never accepted. No agent sees it.'
          : 'Its definition is not the accepted one. No agent sees it, and what was frozen under the former definition is not sent.'}
      </p>
      <ToolDiff tool={tool} />
      <div class="buttons">
        <button type="button" onClick={() => review('accept')}>
          Accept this definition…
        </button>
        <button type="button" onClick={() => review('refuse')}>
          Refuse…
        </button>
      </div>
    </>
  );
}

/** A tool as its server defines it, all of that marked as the server's own words. */
export function ToolCard(props: ShutProps) {
  const { tool } = props;
  const { state, exposed, definition, hash } = tool;
  const description = descriptionOf(tool);
  return (
    <li class="card tool" id={`tool-${exposed}`}>
      <h3>
        <Badge state={state} />{' '}
        <code>
          <TextOf text={tool.tool} />
        </code>
      </h3>
      {exposed !== tool.tool && (
        <p class="fine">
          Agents see it as{' '}
          <code>
            <TextOf text={exposed} />
          </code>
        </p>
      )}
      {state === 'quarantined' && <Quarantine {...props} />}
      {state === 'refused' && <Refused {...props} />}
      {description !== undefined && (
        <p class="said">
          <span class="untrusted">the server says</span> <TextOf text={description} />
        </p>
      )}
      <details>
        <summary>
          Definition
          <span class="visually-hidden">
            {' of '}
            <TextOf text={tool.tool} />
          </span>
        </summary>
        <p class="fine">
          <code class="link">
            <TextOf text={hash} />
          </code>
        </p>
        <pre class="result">
          <Lines text={JSON.stringify(definition, null, 2)} />
        </pre>
      </details>
    </li>
  );
}
