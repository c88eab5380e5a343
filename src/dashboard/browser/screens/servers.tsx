import { useEffect } from 'preact/hooks';
import { useLoaded, useRepeated } from '../load.ts';
import { ASK_AGAIN_MS, ServerPage } from '../parts/fleet/server-page.tsx';
import { ServerRow } from '../parts/fleet/server-row.tsx';
import { Notice } from '../parts/notice.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import type { ScreenProps, Shell } from '../shell.ts';

/** The servers behind the gateway and how they are; or one of them with its tools. */
export function Servers({ shell, me, id }: ScreenProps) {
  if (id === undefined) return <ServerList shell={shell} />;
  return <ServerPage key={id} shell={shell} me={me} name={id} />;
}

function ServerList({ shell }: { shell: Shell }) {
  const { servers } = shell.api.client;
  const list = useLoaded(shell, 'servers', async () => (await servers.list()).data);
  useEffect(() => {
    document.title = 'Servers · Countersign';
  }, [shell]);
  useRepeated(ASK_AGAIN_MS, () => void list.again());
  const shown = list.value.value;
  return (
    <>
      <h1>Servers</h1>
      {list.problem.value !== undefined && (
        <Notice kind="error" title="The servers could not be loaded" retry={list.again}>
          <p>{list.problem.value}</p>
        </Notice>
      )}
      {shown === undefined && list.problem.value === undefined && <Skeleton rows={3} />}
      {shown?.length === 0 && (
        <Notice kind="info" title="No servers yet">
          <p>
            Name the MCP servers that agents should reach under <code>mcpServers</code> in the configuration,
            then start the gateway again.
          </p>
        </Notice>
      )}
      <ul class="fleet" aria-label="Servers">
        {(shown ?? []).map((server) => (
          <ServerRow key={server.name} server={server} />
        ))}
      </ul>
    </>
  );
}
