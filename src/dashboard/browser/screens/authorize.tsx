import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { CheckedConnection } from '../../../sdk/connections.ts';
import { ConnectForm } from '../parts/connect-form.tsx';
import { ConnectingParty } from '../parts/connecting-party.tsx';
import { Notice } from '../parts/notice.tsx';
import type { Shell } from '../shell.ts';

/** Where an application sends a person who is to let it connect: the authorization endpoint (RFC 6749 §3.1). */
export function Authorize({ shell, query }: { shell: Shell; query: string }) {
  const asked = useSignal<CheckedConnection | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const left = useSignal<string | undefined>(undefined);

  const leave = (to: string) => {
    left.value = to;
    location.assign(to);
  };

  useEffect(() => {
    document.title = 'Connect an application · Countersign';
    const check = async () => {
      try {
        asked.value = await shell.api.client.connections.check(query);
      } catch (error) {
        problem.value = shell.failed(error);
      }
    };
    void check();
  }, [shell, query]);

  if (problem.value !== undefined)
    return (
      <>
        <h1>This application cannot be connected</h1>
        <Notice kind="error" title="Nothing was connected, and nothing was sent">
          <p>{problem.value}</p>
        </Notice>
      </>
    );
  if (asked.value === undefined) return <p role="status">Loading…</p>;
  if (left.value !== undefined)
    return (
      <>
        <h1>Go back to the application</h1>
        <p>
          Your answer is on its way to <code>{asked.value.redirect.name}</code>. You can close this page.
        </p>
        <p>
          Nothing happened? <a href={left.value}>Send the answer again</a>.
        </p>
      </>
    );
  return (
    <>
      <h1>Let this application use your tools?</h1>
      <ConnectingParty asked={asked.value} />
      {asked.value.kind === 'ask' ? (
        <ConnectForm shell={shell} asked={asked.value} leave={leave} />
      ) : (
        <RefusedRequest why={asked.value.why} tell={leave} returnTo={asked.value.returnTo} />
      )}
    </>
  );
}

/** A request that is no good, from an application that may be told so, when the person wants that. */
function RefusedRequest(props: { why: string; returnTo: string; tell: (to: string) => void }) {
  return (
    <Notice kind="error" title="It asked in a way that is not accepted">
      <p>{props.why}</p>
      <p>Nothing was connected.</p>
      <p>
        <button type="button" onClick={() => props.tell(props.returnTo)}>
          Tell the application
        </button>
      </p>
    </Notice>
  );
}
