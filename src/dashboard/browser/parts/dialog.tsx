import type { ComponentChildren, RefObject } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { useDeed } from '../deed.ts';
import type { Shell } from '../shell.ts';
import { Trouble } from './trouble.tsx';

interface DialogProps {
  readonly title: ComponentChildren;
  readonly class?: string;
  /** Whether only a button leaves it, for what must not be thrown away by Escape. */
  readonly stays?: boolean;
  /** Called when the person leaves it. Where it goes because its owner drew it no more, it is not. */
  readonly close: () => void;
  /** Begins at its title, where a person has to read before doing anything. */
  readonly fromTitle?: boolean;
  readonly element?: RefObject<HTMLDialogElement | null>;
  readonly children: ComponentChildren;
}

/** A modal, open from the moment when it is drawn. The focus goes back to where it was. */
export function Dialog(props: DialogProps) {
  const { title, stays = false, fromTitle = false, close, children } = props;
  const own = useRef<HTMLDialogElement>(null);
  const dialog = props.element ?? own;
  const heading = useRef<HTMLHeadingElement>(null);
  const id = useId();
  const gone = useRef(false);
  // Before the next key can arrive, so that nothing typed into it is taken for a key of the page.
  useLayoutEffect(() => {
    dialog.current?.showModal();
    if (fromTitle) heading.current?.focus();
    return () => {
      gone.current = true;
      // What is only removed leaves the focus nowhere.
      dialog.current?.close();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={`act ${props.class ?? ''}`}
      data-stays={stays}
      aria-labelledby={id}
      // A second Escape closes a dialog without asking it, so the key itself is stopped too.
      onKeyDown={(event) => stays && event.key === 'Escape' && event.preventDefault()}
      onCancel={(event) => stays && event.preventDefault()}
      onClose={() => gone.current || close()}
    >
      <h2 id={id} ref={heading} tabIndex={fromTitle ? -1 : undefined}>
        {title}
      </h2>
      {children}
    </dialog>
  );
}

interface LeaveProps {
  readonly class?: string;
  readonly disabled?: boolean;
  readonly children?: ComponentChildren;
}

/** The button that leaves the dialog in which it stands. */
export function Leave({ class: style, disabled, children = 'Back' }: LeaveProps) {
  return (
    <button
      type="button"
      class={style}
      disabled={disabled}
      onClick={(event) => event.currentTarget.closest('dialog')?.close()}
    >
      {children}
    </button>
  );
}

interface DialogFormProps {
  readonly shell: Shell;
  /** What the button says that does it. */
  readonly action: string;
  /** What it says meanwhile. */
  readonly doing?: string;
  readonly danger?: boolean;
  readonly ready?: boolean;
  /** The title of what goes wrong. */
  readonly failed?: string;
  /** Stands beside the buttons. */
  readonly note?: string | undefined;
  readonly act: (form: FormData) => Promise<unknown>;
  readonly children: ComponentChildren;
}

/** What a dialog asks for and says, with the button that does it and the one that leaves. */
export function DialogForm(props: DialogFormProps) {
  const { shell, action, danger = false, ready = true, note, act, children } = props;
  const deed = useDeed<true>(shell, props.failed ?? 'Nothing was changed');
  const isBusy = deed.doing !== undefined;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        void deed.run(true, () => act(form));
      }}
    >
      {children}
      <Trouble of={deed.trouble} />
      <div class="buttons">
        <button type="submit" class={danger ? 'danger' : 'primary'} disabled={isBusy || !ready}>
          {isBusy ? (props.doing ?? action) : action}
        </button>
        <Leave disabled={isBusy} />
        {note !== undefined && <p class="fine">{note}</p>}
      </div>
    </form>
  );
}
