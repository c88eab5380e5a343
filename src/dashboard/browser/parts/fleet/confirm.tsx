import type { ComponentChildren } from 'preact';
import type { Shell } from '../../shell.ts';
import { Dialog, DialogForm } from '../dialog.tsx';

interface ConfirmProps {
  readonly shell: Shell;
  readonly title: string;
  /** What the button says that does it. */
  readonly action: string;
  readonly danger?: boolean;
  readonly ready?: boolean;
  readonly act: (form: FormData) => Promise<unknown>;
  /** Called when it was done, and when the person has left it. */
  readonly close: (done: boolean) => void;
  /** What happens then, before it does. */
  readonly children: ComponentChildren;
}

/** Says what an action does, and does it on one more press. A modal that Escape leaves. */
export function Confirm({ title, act, close, ...form }: ConfirmProps) {
  return (
    <Dialog title={title} close={() => close(false)}>
      <DialogForm
        {...form}
        act={async (given) => {
          await act(given);
          close(true);
        }}
      />
    </Dialog>
  );
}
