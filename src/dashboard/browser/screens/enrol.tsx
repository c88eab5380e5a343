import { useSignal } from '@preact/signals';
import { startRegistration } from '@simplewebauthn/browser';
import { useEffect } from 'preact/hooks';
import { explain } from '../api.ts';
import { Notice } from '../parts/notice.tsx';
import type { Shell } from '../shell.ts';

/** Where a one-time link leads: makes a passkey on this device and enrols its person. */
export function Enrol({ shell, token }: { shell: Shell; token: string }) {
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);

  useEffect(() => {
    document.title = 'Become an approver · Countersign';
  }, []);

  const enrol = async () => {
    busy.value = true;
    problem.value = undefined;
    try {
      const { challengeId, options } = await shell.api.enrolOptions(token);
      const response = await startRegistration({ optionsJSON: options });
      await shell.api.client.person.enrol({ token, challengeId, response });
      // The spent token leaves the address bar and the history with this.
      shell.go('/', { replace: true });
      await shell.identify();
    } catch (error) {
      problem.value = explain(error);
    }
    busy.value = false;
  };

  return (
    <main class="alone">
      <h1>Become an approver</h1>
      {token === '' ? (
        <Notice kind="error" title="This link is incomplete">
          <p>
            The part after <code>#</code> is missing. Copy the whole link, or ask an approver for a new one.
          </p>
        </Notice>
      ) : (
        <>
          <p>
            You will make a passkey on this device. With it you sign each decision over exactly the call that
            this page shows you: your device asks for your fingerprint, face or PIN every time.
          </p>
          <p class="fine">
            The passkey prompt itself does not show the call. What this page commits to is what you sign.
          </p>
          <p>
            <button type="button" class="primary" disabled={busy.value} onClick={() => enrol()}>
              {busy.value ? 'Waiting for your device…' : 'Make a passkey'}
            </button>
          </p>
        </>
      )}
      {problem.value !== undefined && (
        <Notice kind="error" title="No passkey was enrolled">
          <p>{problem.value}</p>
        </Notice>
      )}
      <p>
        Already enrolled? <a href="/sign-in">Sign in</a>
      </p>
    </main>
  );
}
