import { useSignal } from '@preact/signals';
import type { CheckedConnection } from '../../../sdk/connections.ts';
import { explain } from '../api.ts';
import { NOTHING_PICKED, proposedLabel, reachesAnything, scopeOf, termsFrom } from '../model/connection.ts';
import type { Shell } from '../shell.ts';
import { Notice } from './notice.tsx';
import { SessionTerms } from './session-terms.tsx';

interface ConnectFormProps {
  readonly shell: Shell;
  readonly asked: Extract<CheckedConnection, { kind: 'ask' }>;
  /** Takes the browser to the application with the answer. */
  readonly leave: (to: string) => void;
}

/** What the person lets the application have, and the two answers. */
export function ConnectForm({ shell, asked, leave }: ConnectFormProps) {
  const picked = useSignal(NOTHING_PICKED);
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const scope = scopeOf(picked.value);
  const isEmpty = !reachesAnything(scope);

  const answer = async (make: () => Promise<string>) => {
    busy.value = true;
    problem.value = undefined;
    try {
      leave(await make());
    } catch (error) {
      problem.value = shell.failed(error);
      busy.value = false;
    }
  };
  const allow = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    try {
      const terms = termsFrom(scope, data);
      void answer(() => shell.api.client.connections.allow(asked.consent, terms));
    } catch (error) {
      problem.value = explain(error);
    }
  };
  const deny = () => answer(() => shell.api.client.connections.deny(asked.consent));

  return (
    <form class="card" onSubmit={allow}>
      <SessionTerms servers={asked.servers} picked={picked} labels={proposedLabel(asked)} />
      <p class="fine">
        Policy decides about every call as ever: what it holds waits for a person. You can end the connection
        at any time by revoking its session.
      </p>
      {problem.value !== undefined && (
        <Notice kind="error" title="Nothing was connected">
          <p>{problem.value}</p>
        </Notice>
      )}
      <div class="buttons">
        <button type="submit" class="primary" disabled={busy.value || isEmpty}>
          Allow
        </button>
        <button type="button" disabled={busy.value} onClick={() => deny()}>
          Refuse
        </button>
        {isEmpty && <p class="fine">Choose first what it may use.</p>}
      </div>
    </form>
  );
}
