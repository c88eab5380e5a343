import type { Session } from '../../../sdk/sessions.ts';
import type { Found } from '../load-around.ts';
import { useExactTime } from './exact.tsx';
import { Lasting } from './lasting.tsx';
import { TextOf } from './text-of.tsx';

function Facts({ session, now }: { session: Session; now: number }) {
  const left = Date.parse(session.expiresAt) - now;
  const calls =
    session.callCap === null
      ? `${session.calls} ${session.calls === 1 ? 'call' : 'calls'} so far`
      : `${session.calls} of ${session.callCap} calls`;
  return (
    <>
      <br />
      <span class="fine" title={useExactTime()(session.expiresAt)}>
        {session.state === 'active' && left > 0 ? (
          <Lasting ms={left} before="ends in " />
        ) : (
          `${session.state}, so nothing is sent`
        )}
        , {calls}
        {session.depth > 0 && `, narrowed ${session.depth} times`}
      </span>
      <br />
      <span class="fine">
        may call <TextOf text={session.tools.join(', ')} />
      </span>
    </>
  );
}

/** Which session asks, what it may call, and what is left of its life. */
export function SessionFacts(props: { id: string; found: Found<Session | null>; now: number }) {
  const { id, found, now } = props;
  return (
    <>
      <a href={`/sessions/${id}`}>
        <code>{id}</code>
      </a>
      {'value' in found && found.value !== null && <Facts session={found.value} now={now} />}
      {'problem' in found && <span class="fine"> (its scope could not be loaded: {found.problem})</span>}
    </>
  );
}
