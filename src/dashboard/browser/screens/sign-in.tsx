import { useSignal } from '@preact/signals';
import { startAuthentication } from '@simplewebauthn/browser';
import { useEffect } from 'preact/hooks';
import { explain } from '../api.ts';
import { Notice } from '../parts/notice.tsx';
import type { Shell } from '../shell.ts';

/** Signs in with a passkey and stays at the address that was asked for. */
export function SignIn({ shell }: { shell: Shell }) {
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);

  useEffect(() => {
    document.title = 'Sign in · Countersign';
  }, []);

  const signIn = async () => {
    busy.value = true;
    problem.value = undefined;
    try {
      const { challengeId, options } = await shell.api.signInOptions();
      const response = await startAuthentication({ optionsJSON: options });
      await shell.api.client.person.signIn({ challengeId, response });
      if (shell.route.value.name === 'sign-in') shell.go('/', { replace: true });
      await shell.identify();
    } catch (error) {
      problem.value = explain(error);
    }
    busy.value = false;
  };

  return (
    <main class="alone">
      <h1>Countersign</h1>
      {shell.ended.value && (
        <Notice kind="error" title="You were signed out">
          <p>
            Your sign-in has ended or was withdrawn, and nothing more was done with it. Sign in again; if that
            is refused, ask another approver for an invite.
          </p>
        </Notice>
      )}
      <p>Sign in to see the calls that wait for a person. Each decision asks for your passkey again.</p>
      <p>
        <button type="button" class="primary" disabled={busy.value} onClick={() => signIn()}>
          {busy.value ? 'Waiting for your device…' : 'Sign in with a passkey'}
        </button>
      </p>
      {problem.value !== undefined && (
        <Notice kind="error" title="You are not signed in">
          <p>{problem.value}</p>
        </Notice>
      )}
      <p class="fine">
        No passkey yet? The first person enrols with the link that the gateway prints when it starts; everyone
        else with an invite from an approver.
      </p>
    </main>
  );
}
