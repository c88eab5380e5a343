import { useSignal } from '@preact/signals';
import { explain } from '../../api.ts';

/** A line to be pasted elsewhere, whole, with the button that copies it. */
export function CopyLine({ label, text }: { label: string; text: string }) {
  const said = useSignal('');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      said.value = 'Copied';
    } catch (error) {
      said.value = `The browser did not allow copying (${explain(error)}). Select the line and copy it by hand.`;
    }
  };
  return (
    <div class="copy-line">
      <span class="fine">{label}</span>
      <code class="link">{text}</code>
      <button type="button" class="quiet" onClick={copy}>
        Copy <span class="visually-hidden">{label}</span>
      </button>
      <span role="status" class="fine">
        {said.value}
      </span>
    </div>
  );
}
