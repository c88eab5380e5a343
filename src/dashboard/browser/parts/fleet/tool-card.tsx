import type { ServerTool } from '../../../../sdk/servers.ts';
import { hasDrifted } from '../../../../sdk/tool-change.ts';
import { descriptionOf } from '../../model/server-words.ts';
import { TextOf } from '../text-of.tsx';
import { Badge } from './badge.tsx';
import { Lines, ToolDiff } from './tool-diff.tsx';

function Quarantine({ tool, accept }: { tool: ServerTool; accept: () => void }) {
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
      <p class="fine">
        To refuse it, leave it: it stays shut until it is accepted, or goes back to what was.
      </p>
      <div class="buttons">
        <button type="button" onClick={accept}>
          Accept this definition…
        </button>
      </div>
    </>
  );
}

/** A tool as its server defines it, all of that marked as the server's own words. */
export function ToolCard({ tool, accept }: { tool: ServerTool; accept: () => void }) {
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
      {state === 'quarantined' && <Quarantine tool={tool} accept={accept} />}
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
