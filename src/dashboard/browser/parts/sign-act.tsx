import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { canonicalize } from '../../../core/canonical.ts';
import type { JsonValue } from '../../../core/json.ts';
import { explain, type Me } from '../api.ts';
import type { Shell } from '../shell.ts';
import { type AskedAct, signAct } from '../sign-act.ts';
import { isRefusal } from '../sign-statement.ts';
import { Notice } from './notice.tsx';
import { TextOf } from './text-of.tsx';

const LABELS: Readonly<Record<string, string>> = {
  name: 'Name',
  groups: 'Groups',
  subject: 'Agents of user',
  token: 'Digest of the link',
  person: 'Person',
  passkey: 'Passkey',
  credential_id: 'Credential',
  public_key: 'Public key',
  service_account: 'Service account',
};

function shownValue(value: JsonValue): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
    return value.length === 0 ? 'none' : value.join(', ');
  return canonicalize(value);
}

interface SignActProps {
  readonly shell: Shell;
  readonly me: Me;
  readonly asked: AskedAct;
  /** Called when it was done, and when the person has left it. */
  readonly close: (done: boolean) => void;
}

/** What is about to be signed, word for word, and the button that asks the passkey. A modal that Escape leaves. */
export function SignAct({ shell, me, asked, close }: SignActProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const busy = useSignal(false);
  const problem = useSignal<{ title: string; text: string } | undefined>(undefined);
  useEffect(() => dialog.current?.showModal(), []);

  const sign = async () => {
    busy.value = true;
    problem.value = undefined;
    try {
      await signAct(asked, me);
      close(true);
    } catch (error) {
      shell.failed(error);
      problem.value = isRefusal(error)
        ? {
            title: 'Refused: what would be signed is not what you see',
            text: `${error.message} Nothing was signed. Tell the operator of this gateway.`,
          }
        : { title: 'Nothing was changed', text: explain(error) };
    }
    busy.value = false;
  };

  return (
    <dialog ref={dialog} class="act facts" onClose={() => close(false)} aria-labelledby="act-title">
      <h2 id="act-title">
        <TextOf text={asked.sentence} />
      </h2>
      <dl>
        {Object.entries(asked.params).map(([member, value]) => (
          <div key={member}>
            <dt>{LABELS[member] ?? member}</dt>
            <dd>
              <TextOf text={shownValue(value)} />
            </dd>
          </div>
        ))}
      </dl>
      <p class="fine">Your passkey signs exactly this. It stands in the ledger with your signature.</p>
      {problem.value !== undefined && (
        <Notice kind="error" title={problem.value.title}>
          <p>{problem.value.text}</p>
        </Notice>
      )}
      <div class="buttons">
        <button type="button" class="primary" disabled={busy.value} onClick={() => sign()}>
          {busy.value ? 'Waiting for your passkey…' : 'Sign with passkey'}
        </button>
        <button type="button" disabled={busy.value} onClick={() => dialog.current?.close()}>
          Back
        </button>
      </div>
    </dialog>
  );
}
