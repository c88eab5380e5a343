import { type Signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import type { ApprovalDetail } from '../../../sdk/approval.ts';
import { Dialog, Leave } from './dialog.tsx';
import { EffectOf } from './text-of.tsx';

const REASON_CHARACTERS = 2_000;

interface DenyProps {
  readonly detail: ApprovalDetail;
  /** What was written so far; it stays when the dialog is left. */
  readonly reason: Signal<string>;
  readonly busy: boolean;
  /** Whether the page lets anybody act at this moment. */
  readonly ready: boolean;
  readonly deny: () => void;
  readonly close: () => void;
  /** What went wrong before. */
  readonly children: ComponentChildren;
}

/** Asks why a call is denied. Without a reason the agent would only try again. */
export function DenyDialog(props: DenyProps) {
  const { detail, reason, busy, ready, deny, close, children } = props;
  const field = useRef<HTMLTextAreaElement>(null);
  const missing = useSignal(false);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const given = reason.value.trim();
    missing.value = given === '';
    if (given === '') field.current?.focus();
    else if (ready) deny();
  };
  return (
    <Dialog title="Deny this call?" close={close}>
      <form noValidate onSubmit={submit}>
        <p id="deny-what">
          <EffectOf effect={detail.effect} />: it will not be sent.
        </p>
        <label for="reason">Why? The agent is told this, and it is part of what you sign.</label>
        <textarea
          id="reason"
          ref={field}
          rows={3}
          required
          maxLength={REASON_CHARACTERS}
          aria-invalid={missing.value}
          aria-describedby={missing.value ? 'reason-missing deny-what' : 'deny-what'}
          value={reason.value}
          onInput={(event) => {
            reason.value = event.currentTarget.value;
            missing.value = false;
          }}
        />
        {missing.value && (
          <p id="reason-missing" class="soon">
            Say why, so that the agent does not just try again.
          </p>
        )}
        {children}
        <div class="buttons">
          <button type="submit" class="danger" disabled={!ready}>
            {busy ? 'Waiting for your passkey…' : 'Deny with passkey'}
          </button>
          <Leave disabled={busy} />
        </div>
      </form>
    </Dialog>
  );
}
