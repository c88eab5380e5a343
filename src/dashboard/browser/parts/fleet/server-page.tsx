import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { isCountersignApiError } from '../../../../sdk/api-error.ts';
import type { Server, ServerTool } from '../../../../sdk/servers.ts';
import type { Me } from '../../api.ts';
import { useLoaded, useRepeated } from '../../load.ts';
import { ERA_WORDS, toolOrder } from '../../model/server-words.ts';
import type { Shell } from '../../shell.ts';
import { Notice } from '../notice.tsx';
import { Skeleton } from '../skeleton.tsx';
import { TextOf } from '../text-of.tsx';
import { AcceptTool } from './accept-tool.tsx';
import { Badge } from './badge.tsx';
import { RefuseTool } from './refuse-tool.tsx';
import { ToolCount } from './server-row.tsx';
import { Fact } from './session-facts.tsx';
import { ToolCard, type ToolReview } from './tool-card.tsx';

export const ASK_AGAIN_MS = 5_000;

function ServerFacts({ server }: { server: Server }) {
  const { state, kind, era, problem } = server;
  return (
    <section class="card facts" aria-label="The server">
      <dl>
        <Fact name="State">
          <Badge state={state} />
        </Fact>
        {problem !== null && (
          <Fact name={state === 'stopped' ? 'Why' : 'Problem'}>
            <TextOf text={problem} />
          </Fact>
        )}
        <Fact name="Reached by">{kind}</Fact>
        <Fact name="Speaks">{era === null ? 'not known yet' : ERA_WORDS[era]}</Fact>
        <Fact name="Offers">
          <ToolCount server={server} />
        </Fact>
      </dl>
    </section>
  );
}

/** How one server is, its tools, and what has changed in them. */
export function ServerPage({ shell, me, name }: { shell: Shell; me: Me; name: string }) {
  const reviewing = useSignal<{ tool: ServerTool; what: ToolReview } | undefined>(undefined);
  const { servers } = shell.api.client;
  const found = useLoaded(shell, name, async () => {
    try {
      const [all, tools] = await Promise.all([servers.list(), servers.tools(name)]);
      return { server: all.data.find((one) => one.name === name), tools: toolOrder(tools.data) };
    } catch (error) {
      if (isCountersignApiError(error) && error.status === 404) return { server: undefined, tools: [] };
      throw error;
    }
  });
  useEffect(() => {
    document.title = `Server ${name} · Countersign`;
  }, [shell, name]);
  useRepeated(ASK_AGAIN_MS, () => void found.again());

  const shown = found.value.value;
  const Review = reviewing.value?.what === 'refuse' ? RefuseTool : AcceptTool;
  return (
    <article>
      <p>
        <a href="/servers">← Servers</a>
      </p>
      <h1>
        Server{' '}
        <code>
          <TextOf text={name} />
        </code>
      </h1>
      {found.problem.value !== undefined && (
        <Notice kind="error" title="The server could not be loaded" retry={found.again}>
          <p>{found.problem.value}</p>
        </Notice>
      )}
      {shown === undefined && found.problem.value === undefined && <Skeleton rows={4} />}
      {shown !== undefined && shown.server === undefined && (
        <Notice kind="error" title="There is no such server">
          <p>
            The link may be cut off, or it was taken out of the configuration.{' '}
            <a href="/servers">See all servers</a>.
          </p>
        </Notice>
      )}
      {shown?.server !== undefined && (
        <>
          <ServerFacts server={shown.server} />
          <h2>Tools</h2>
          {shown.tools.length === 0 && <p class="fine">It offers none that is known.</p>}
          <ul class="tools" aria-label="Tools">
            {shown.tools.map((tool) => (
              <ToolCard
                key={tool.tool}
                tool={tool}
                me={me}
                now={shell.now.value}
                review={(what) => {
                  reviewing.value = { tool, what };
                }}
              />
            ))}
          </ul>
        </>
      )}
      {reviewing.value !== undefined && (
        <Review
          shell={shell}
          tool={reviewing.value.tool}
          close={() => {
            reviewing.value = undefined;
            void found.again();
          }}
        />
      )}
    </article>
  );
}
