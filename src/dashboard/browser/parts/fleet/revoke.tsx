import { useRef } from 'preact/hooks';
import type { Session } from '../../../../sdk/sessions.ts';
import { useLoaded } from '../../load.ts';
import type { Shell } from '../../shell.ts';
import { Notice } from '../notice.tsx';
import { Confirm } from './confirm.tsx';

const REASON_CHARACTERS = 500;

interface RevokeProps {
  readonly shell: Shell;
  readonly session: Session;
  readonly close: (done: boolean) => void;
}

/** Says what ends with a session, and ends it. */
export function Revoke({ shell, session, close }: RevokeProps) {
  const reason = useRef<HTMLInputElement>(null);
  const { sessions } = shell.api.client;
  const tree = useLoaded(shell, session.id, () =>
    sessions.list({ tree: session.id, state: 'active', limit: 200 }),
  );
  const live = tree.value.value?.data.filter(({ id }) => id !== session.id);
  const act = () => {
    const given = reason.current?.value.trim() ?? '';
    return sessions.revoke(session.id, given === '' ? {} : { reason: given });
  };
  return (
    <Confirm
      shell={shell}
      title="Revoke this session now?"
      action="Revoke now"
      danger
      act={act}
      close={close}
    >
      <ul>
        <li>
          <code>{session.id}</code> ends at once and for good; its agent’s next message is refused.
        </li>
        <li aria-live="polite">
          {live === undefined && 'Looking for what was narrowed from it…'}
          {live?.length === 0 && 'No other session was narrowed from it.'}
          {live !== undefined && live.length > 0 && (
            <>
              <strong>
                {live.length} {live.length === 1 ? 'session' : 'sessions'} that{' '}
                {live.length === 1 ? 'was' : 'were'} narrowed from it
              </strong>{' '}
              {live.length === 1 ? 'ends' : 'end'} with it.
            </>
          )}
        </li>
        <li>All their open streams close within a second.</li>
        <li>Calls of theirs that wait for a decision are not sent any more, whoever approves them.</li>
      </ul>
      {tree.problem.value !== undefined && (
        <Notice kind="warning" title="What was narrowed from it could not be counted">
          <p>{tree.problem.value} It ends with the session all the same.</p>
        </Notice>
      )}
      <label>
        Reason <span class="fine">(kept on the ledger)</span>
        <input ref={reason} maxLength={REASON_CHARACTERS} autocomplete="off" />
      </label>
    </Confirm>
  );
}
