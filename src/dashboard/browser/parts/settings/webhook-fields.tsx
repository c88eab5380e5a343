import { useSignal } from '@preact/signals';
import type { Webhook, WebhookInput } from '../../../../sdk/webhooks.ts';
import { EVENT_TYPES, EVENT_WORDS, webhookInputFrom } from '../../model/webhook-words.ts';

const URL_CHARACTERS = 2_000;
const DESCRIPTION_CHARACTERS = 200;

/** What the fields say. Throws an `Error` that names the field. */
export function inputFromFields(form: FormData): Required<WebhookInput> {
  const typed = (name: string) => String(form.get(name) ?? '');
  return webhookInputFrom({
    url: typed('url'),
    description: typed('description'),
    everything: typed('which') === 'all',
    events: form.getAll('event').map(String),
  });
}

/** Where to send, what, and what for: empty, or as one webhook has it. */
export function WebhookFields({ webhook }: { webhook?: Webhook }) {
  const all = useSignal(webhook?.events.includes('*') ?? true);
  return (
    <>
      <label>
        Address <span class="fine">(public https; others only where the configuration lists them)</span>
        <input
          name="url"
          required
          maxLength={URL_CHARACTERS}
          defaultValue={webhook?.url ?? ''}
          placeholder="https://hooks.example.com/countersign"
          inputMode="url"
          autocomplete="off"
          spellcheck={false}
        />
      </label>
      <label>
        Description <span class="fine">(may be empty)</span>
        <input
          name="description"
          maxLength={DESCRIPTION_CHARACTERS}
          defaultValue={webhook?.description ?? ''}
          autocomplete="off"
        />
      </label>
      <fieldset class="scope">
        <legend>Events</legend>
        <label class="choice">
          <input
            type="radio"
            name="which"
            value="all"
            checked={all.value}
            onChange={() => (all.value = true)}
          />{' '}
          Every event, also those that a later version knows
        </label>
        <br />
        <label class="choice">
          <input
            type="radio"
            name="which"
            value="some"
            checked={!all.value}
            onChange={() => (all.value = false)}
          />{' '}
          Only these
        </label>
        {!all.value && (
          <ul class="events">
            {EVENT_TYPES.map((type) => (
              <li key={type}>
                <label class="choice">
                  <input
                    type="checkbox"
                    name="event"
                    value={type}
                    defaultChecked={webhook?.events.includes(type) ?? false}
                  />{' '}
                  <code>{type}</code> <span class="fine">{EVENT_WORDS[type]}</span>
                </label>
              </li>
            ))}
          </ul>
        )}
      </fieldset>
    </>
  );
}
