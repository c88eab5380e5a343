import { useSignal } from '@preact/signals';
import type { SessionNode } from '../../../../sdk/session-tree.ts';
import type { Session } from '../../../../sdk/sessions.ts';
import type { Me } from '../../api.ts';
import { callsText, countBelow } from '../../model/session-words.ts';
import { TextOf } from '../text-of.tsx';
import { Badge } from './badge.tsx';
import { Moment } from './moment.tsx';

/** Who acts or has acted, by reference or as a subject; a person finds out at once when it is they. */
export function Who({ text, me }: { text: string; me: Me }) {
  return (
    <>
      <TextOf text={text} />
      {text === `person:${me.id}` && ' (you)'}
    </>
  );
}

/** `name=value` of each label, as text that somebody else wrote. */
export function Labels({ labels }: { labels: Session['labels'] }) {
  return (
    <>
      {Object.entries(labels).map(([name, value]) => (
        <span key={name} class="label">
          <TextOf text={`${name}=${value}`} />
        </span>
      ))}
    </>
  );
}

function SessionLink({ session, me, now }: { session: Session; me: Me; now: number }) {
  const { tools, revokedAt } = session;
  return (
    <a href={`/sessions/${session.id}`}>
      <span class="first">
        <Badge state={session.state} />{' '}
        <strong>
          <Who text={session.subject} me={me} />
        </strong>
        <Labels labels={session.labels} />
      </span>
      <span class="meta">
        <code>{session.id}</code>
        <span class="cut">
          <TextOf text={tools.join(' ')} />
        </span>
        <span>{callsText(session)}</span>
        {session.state === 'active' && (
          <span>
            ends <Moment at={session.expiresAt} now={now} />
          </span>
        )}
        {session.state !== 'active' && (
          <span>
            ended <Moment at={revokedAt ?? session.expiresAt} now={now} />
          </span>
        )}
      </span>
    </a>
  );
}

/** A session, and on demand those that were narrowed from it, each under its own parent. */
export function SessionBranch(props: { node: SessionNode; me: Me; now: number; open: boolean }) {
  const { node, me, now, open } = props;
  const unfolded = useSignal(open);
  const { session, children } = node;
  const below = countBelow(node);
  return (
    <li>
      <SessionLink session={session} me={me} now={now} />
      {below > 0 && (
        <button
          type="button"
          class="quiet unfold"
          aria-expanded={unfolded.value}
          onClick={() => {
            unfolded.value = !unfolded.value;
          }}
        >
          {unfolded.value ? '▾' : '▸'} {below} narrowed from it
          <span class="visually-hidden"> ({session.id})</span>
        </button>
      )}
      {below > 0 && unfolded.value && (
        <ul class="branch" aria-label={`Narrowed from ${session.id}`}>
          {children.map((child) => (
            <SessionBranch key={child.session.id} node={child} me={me} now={now} open={open} />
          ))}
        </ul>
      )}
    </li>
  );
}
