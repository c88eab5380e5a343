import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { Shell } from '../../shell.ts';
import { Dialog, DialogForm, Leave } from '../dialog.tsx';
import { CopyLine } from '../fleet/copy-line.tsx';

/** A secret that was just made, with what goes with it. */
export interface MadeSecret {
  /** What it belongs to, for whoever follows up. */
  readonly id: string;
  /** What it is for, in a sentence. */
  readonly lead: string;
  readonly lines: readonly { readonly label: string; readonly text: string }[];
}

/** Shows a secret once. A modal that only its button leaves. */
export function ShownSecret({ made, close }: { made: MadeSecret; close: () => void }) {
  return (
    <Dialog title="Copy the secret now" class="mint" stays close={close}>
      <p>{made.lead}</p>
      {made.lines.map(({ label, text }) => (
        <CopyLine key={label} label={label} text={text} />
      ))}
      <div class="buttons">
        <Leave class="primary">I have stored it</Leave>
      </div>
    </Dialog>
  );
}

interface SecretDialogProps {
  readonly shell: Shell;
  readonly title: string;
  /** What the button says that makes it. */
  readonly action: string;
  readonly make: (form: FormData) => Promise<MadeSecret>;
  /** Called with what it belongs to, and without it when the person has left before anything was made. */
  readonly close: (id?: string) => void;
  /** What is asked for first. */
  readonly children: ComponentChildren;
}

/** Asks for what is needed, makes a secret, and shows it once. Escape leaves it only while there is no secret yet. */
export function SecretDialog({ shell, title, action, make, close, children }: SecretDialogProps) {
  const made = useSignal<MadeSecret | undefined>(undefined);
  const shown = made.value;
  if (shown !== undefined) return <ShownSecret made={shown} close={() => close(shown.id)} />;
  return (
    <Dialog title={title} class="mint" close={() => close()}>
      <DialogForm
        shell={shell}
        action={action}
        act={async (form) => {
          made.value = await make(form);
        }}
      >
        {children}
      </DialogForm>
    </Dialog>
  );
}
