import { useSignal } from '@preact/signals';

interface BreakGlassProps {
  readonly needed: number;
  /** Whether the page lets anybody approve at this moment. */
  readonly ready: boolean;
  readonly busy: boolean;
  /** What is still to be read, or undefined. */
  readonly unread: string | undefined;
  readonly approve: (reason: string) => void;
}

const REASON_CHARACTERS = 2_000;

/** The way that is left when nobody else can decide: apart from the ordinary buttons, and only with a reason. */
export function BreakGlass({ needed, ready, busy, unread, approve }: BreakGlassProps) {
  const reason = useSignal('');
  const given = reason.value.trim();
  return (
    <details class="break-glass">
      <summary>Break the glass…</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready && given !== '') approve(given);
        }}
      >
        <p>
          For when those who should decide cannot. It takes {needed} different people of the group
          break-glass, each with a passkey that is bound to one device. Everybody will see who did it and why.
        </p>
        <label for="glass-reason">Why must the glass be broken? It is part of what you sign.</label>
        <textarea
          id="glass-reason"
          rows={2}
          required
          maxLength={REASON_CHARACTERS}
          value={reason.value}
          onInput={(event) => {
            reason.value = event.currentTarget.value;
          }}
        />
        <div class="buttons">
          <button type="submit" class="danger" disabled={!ready || given === ''}>
            {busy ? 'Waiting for your passkey…' : 'Break the glass and approve'}
          </button>
          {unread !== undefined && <p class="fine">{unread}</p>}
        </div>
      </form>
    </details>
  );
}
