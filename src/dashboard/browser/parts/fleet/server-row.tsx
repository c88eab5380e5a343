import type { Server } from '../../../../sdk/servers.ts';
import { ERA_WORDS } from '../../model/server-words.ts';
import { TextOf } from '../text-of.tsx';
import { Badge } from './badge.tsx';

/** `3 tools`, and how many of them are shut. */
export function ToolCount({ server }: { server: Server }) {
  const { tools, quarantined, refused } = server;
  return (
    <>
      <span>
        {tools} {tools === 1 ? 'tool' : 'tools'}
      </span>{' '}
      {quarantined > 0 && <Badge state="quarantined" words={`${quarantined} quarantined`} />}{' '}
      {refused > 0 && <Badge state="refused" words={`${refused} refused`} />}
    </>
  );
}

/** One server, a link to its page. */
export function ServerRow({ server }: { server: Server }) {
  const { name, state, era, kind, problem } = server;
  return (
    <li>
      <a href={`/servers/${name}`}>
        <span class="first">
          <Badge state={state} />{' '}
          <strong>
            <TextOf text={name} />
          </strong>
        </span>
        <span class="meta">
          <span>{kind}</span>
          {era !== null && <span>{ERA_WORDS[era]}</span>}
          <ToolCount server={server} />
        </span>
        {problem !== null && (
          <span class="problem">
            <TextOf text={problem} />
          </span>
        )}
      </a>
    </li>
  );
}
