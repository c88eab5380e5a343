import { canonicalize } from '../../../core/canonical.ts';
import type { JsonValue } from '../../../core/json.ts';
import type { Me } from '../api.ts';
import type { Shell } from '../shell.ts';
import { type AskedAct, signAct } from '../sign-act.ts';
import { Dialog, DialogForm } from './dialog.tsx';
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
  roles: 'Roles',
  hint: 'The key ends with',
  hash: 'Digest of the key',
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
  return (
    <Dialog title={<TextOf text={asked.sentence} />} class="facts" close={() => close(false)}>
      <DialogForm
        shell={shell}
        action="Sign with passkey"
        doing="Waiting for your passkey…"
        act={async () => {
          await signAct(asked, me);
          close(true);
        }}
      >
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
        {asked.aside}
        <p class="fine">Your passkey signs exactly this. It stands in the ledger with your signature.</p>
      </DialogForm>
    </Dialog>
  );
}
