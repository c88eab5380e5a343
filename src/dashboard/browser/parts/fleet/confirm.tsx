import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Shell } from '../../shell.ts';
import { Notice } from '../notice.tsx';

interface ConfirmProps {
  readonly shell: Shell;
  readonly title: string;
  /** What the button says that does it. */
  readonly action: string;
  readonly danger?: boolean;
  readonly ready?: boolean;
  readonly act: () => Promise<unknown>;
  /** Called when it was done, and when the person has left it. */
  readonly close: (done: boolean) => void;
  /** What happens then, before it does. */
  readonly children: ComponentChildren;
}

/** Says what an action does, and does it on one more press. A modal that Escape leaves. */
export function Confirm(props: ConfirmProps) {
  const { shell, title, action, danger = false, ready = true, act, close, children } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  useEffect(() => dialog.current?.showModal(), []);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    busy.value = true;
    problem.value = undefined;
    try {
      await act();
      close(true);
    } catch (error) {
      problem.value = shell.failed(error);
    }
    busy.value = false;
  };
  return (
    <dialog ref={dialog} class="act" onClose={() => close(false)} aria-labelledby="confirm-title">
      <form onSubmit={submit}>
        <h2 id="confirm-title">{title}</h2>
        {children}
        {problem.value !== undefined && (
          <Notice kind="error" title="Nothing was changed">
            <p>{problem.value}</p>
          </Notice>
        )}
        <div class="buttons">
          <button type="submit" class={danger ? 'danger' : 'primary'} disabled={busy.value || !ready}>
            {action}
          </button>
          <button type="button" disabled={busy.value} onClick={() => dialog.current?.close()}>
            Back
          </button>
        </div>
      </form>
    </dialog>
  );
}
