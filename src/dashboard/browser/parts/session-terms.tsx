import type { Signal } from '@preact/signals';
import type { CheckedConnection } from '../../../sdk/connections.ts';
import { LIFETIMES, type PickedScope } from '../model/connection.ts';
import { ScopePicker } from './scope-picker.tsx';

interface SessionTermsProps {
  readonly servers: Extract<CheckedConnection, { kind: 'ask' }>['servers'];
  readonly picked: Signal<PickedScope>;
  /** What stands in the field of the labels to begin with. */
  readonly labels?: string;
}

/** What a session may use, for how long, and its labels: in their form the fields `lifetime` and `labels`. */
export function SessionTerms({ servers, picked, labels = '' }: SessionTermsProps) {
  return (
    <>
      <ScopePicker
        servers={servers}
        picked={picked.value}
        pick={(next) => {
          picked.value = next;
        }}
      />
      <label>
        For how long
        <select name="lifetime">
          {LIFETIMES.map(([name, ms]) => (
            <option key={ms} value={ms}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Labels <span class="fine">(name=value, for policies and for the ledger)</span>
        <input
          name="labels"
          autocomplete="off"
          spellcheck={false}
          defaultValue={labels}
          placeholder="client=laptop"
        />
      </label>
    </>
  );
}
