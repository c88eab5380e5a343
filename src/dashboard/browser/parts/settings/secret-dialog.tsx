import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Shell } from '../../shell.ts';
import { CopyLine } from '../fleet/copy-line.tsx';
import { Notice } from '../notice.tsx';

/** A secret that was just made, with what goes with it. */
export interface MadeSecret {
  /** What it belongs to, for whoever follows up. */
  readonly id: string;
  /** What it is for, in a sentence. */
  readonly lead: string;
  readonly lines: readonly { readonly label: string; readonly text: string }[];
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

/** Asks for what is needed, makes a secret, and shows it once. A modal; Escape leaves it only while there is no secret yet. */
export function SecretDialog({ shell, title, action, make, close, children }: SecretDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const made = useSignal<MadeSecret | undefined>(undefined);
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  useEffect(() => dialog.current?.showModal(), []);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    busy.value = true;
    problem.value = undefined;
    try {
      made.value = await make(form);
    } catch (error) {
      problem.value = shell.failed(error);
    }
    busy.value = false;
  };
  const shown = made.value;
  return (
    <dialog
      ref={dialog}
      class="act mint"
      aria-labelledby="secret-title"
      // Escape must not throw away a secret that nobody has copied yet.
      onCancel={(event) => made.value !== undefined && event.preventDefault()}
      onClose={() => close(made.value?.id)}
    >
      {shown === undefined ? (
        <form onSubmit={submit}>
          <h2 id="secret-title">{title}</h2>
          {children}
          {problem.value !== undefined && (
            <Notice kind="error" title="Nothing was changed">
              <p>{problem.value}</p>
            </Notice>
          )}
          <div class="buttons">
            <button type="submit" class="primary" disabled={busy.value}>
              {action}
            </button>
            <button type="button" disabled={busy.value} onClick={() => dialog.current?.close()}>
              Back
            </button>
          </div>
        </form>
      ) : (
        <>
          <h2 id="secret-title">Copy the secret now</h2>
          <p>{shown.lead}</p>
          {shown.lines.map(({ label, text }) => (
            <CopyLine key={label} label={label} text={text} />
          ))}
          <div class="buttons">
            <button type="button" class="primary" onClick={() => dialog.current?.close()}>
              I have copied it
            </button>
          </div>
        </>
      )}
    </dialog>
  );
}
