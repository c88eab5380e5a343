import { useSignal } from '@preact/signals';
import type { ApiKey, KeyRole } from '../../../../sdk/keys.ts';
import { newApiKey } from '../../../../sdk/new-api-key.ts';
import type { Me } from '../../api.ts';
import { makeKeySentence, ROLE_WORDS, rolesInOrder, tryKeyLine } from '../../model/key-words.ts';
import type { Shell } from '../../shell.ts';
import { type AskedAct, askedAct } from '../../sign-act.ts';
import { Dialog, DialogForm } from '../dialog.tsx';
import { SignAct } from '../sign-act.tsx';
import { type MadeSecret, ShownSecret } from './secret-dialog.tsx';

interface NewKeyProps {
  readonly shell: Shell;
  readonly me: Me;
  /** Called with whether a key was made. */
  readonly close: (done: boolean) => void;
}

/** Makes an API key: what it may do, the signature of the person, and then its secret, which this page made, once. */
export function NewKey({ shell, me, close }: NewKeyProps) {
  const name = useSignal('');
  const picked = useSignal<ReadonlySet<KeyRole>>(new Set());
  const asked = useSignal<AskedAct | undefined>(undefined);
  const made = useSignal<MadeSecret | undefined>(undefined);

  const toggle = (role: KeyRole) => {
    const next = new Set(picked.value);
    if (!next.delete(role)) next.add(role);
    picked.value = next;
  };
  const ask = async () => {
    const { key, hint, hash } = await newApiKey();
    const params = { name: name.value.trim(), roles: rolesInOrder(picked.value), hint, hash };
    asked.value = askedAct(
      shell.api,
      { act: 'key.create', params },
      {
        sentence: makeKeySentence(params),
        carryOut: async (signed) => {
          made.value = shown(await shell.api.client.acts.createKey(signed), key);
        },
      },
    );
  };

  if (made.value !== undefined) return <ShownSecret made={made.value} close={() => close(true)} />;
  if (asked.value !== undefined)
    return (
      <SignAct
        shell={shell}
        me={me}
        asked={asked.value}
        close={() => {
          asked.value = undefined;
        }}
      />
    );
  const none = picked.value.size === 0;
  return (
    <Dialog title="New key" class="mint" close={() => close(false)}>
      <DialogForm
        shell={shell}
        action="Go on to sign"
        ready={!none}
        failed="Nothing was made"
        note={none ? 'Choose first what it may do.' : undefined}
        act={ask}
      >
        <p class="fine">
          For a program that calls this gateway. No key approves or denies, whatever its roles; it outlasts
          your sign-in, and stands on the ledger under your name. Where a rule excludes the requester,
          somebody else decides what is asked with it.
        </p>
        <label>
          What it is for
          <input
            required
            maxLength={100}
            autocomplete="off"
            placeholder="billing server"
            value={name.value}
            onInput={(event) => {
              name.value = event.currentTarget.value;
            }}
          />
        </label>
        <fieldset class="scope">
          <legend>What it may do</legend>
          {Object.entries(ROLE_WORDS).map(([role, words]) => (
            <label key={role} class="choice">
              <input
                type="checkbox"
                checked={picked.value.has(role as KeyRole)}
                onChange={() => toggle(role as KeyRole)}
              />{' '}
              <strong>{role}</strong>: {words}
            </label>
          ))}
        </fieldset>
      </DialogForm>
    </Dialog>
  );
}

function shown({ id, roles }: ApiKey, key: string): MadeSecret {
  return {
    id,
    lead: 'It is shown only here and only once. This page made it, and the gateway keeps only its digest. Who has it may do what you signed.',
    lines: [
      { label: 'API key', text: key },
      {
        label: 'Try it in a shell, which may remember the line',
        text: tryKeyLine(location.origin, { key, roles }),
      },
    ],
  };
}
