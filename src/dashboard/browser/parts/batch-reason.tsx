import type { Signal } from '@preact/signals';
import type { RefObject } from 'preact';

const REASON_CHARACTERS = 2_000;

interface ReasonProps {
  readonly reason: Signal<string>;
  /** Whether it was left out when it was needed. */
  readonly missing: Signal<boolean>;
  readonly field: RefObject<HTMLInputElement | null>;
}

/** Asks once why all of these calls are denied; approving needs no reason. */
export function BatchReason({ reason, missing, field }: ReasonProps) {
  return (
    <label>
      Why, if you deny
      <input
        ref={field}
        value={reason.value}
        maxLength={REASON_CHARACTERS}
        autocomplete="off"
        aria-invalid={missing.value}
        aria-describedby={missing.value ? 'batch-reason-missing' : undefined}
        onInput={(event) => {
          reason.value = event.currentTarget.value;
          missing.value = false;
        }}
      />
      {missing.value && (
        <span id="batch-reason-missing" class="soon" role="alert">
          Say why, so that the agents do not just try again.
        </span>
      )}
    </label>
  );
}
