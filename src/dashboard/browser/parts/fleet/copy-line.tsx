import { useSignal } from '@preact/signals';
import { explain } from '../../api.ts';

/** Copies a text that is shown, and says whether it could. */
export function CopyButton({ label, text }: { label: string; text: string }) {
  const said = useSignal('');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      said.value = 'Copied';
    } catch (error) {
      said.value = `The browser did not allow copying (${explain(error)}). Select the text and copy it by hand.`;
    }
  };
  return (
    <>
      <button type="button" class="quiet" onClick={copy}>
        Copy <span class="visually-hidden">{label}</span>
      </button>
      <span role="status" class="fine">
        {said.value}
      </span>
    </>
  );
}

/** A line to be pasted elsewhere, whole, with the button that copies it. */
export function CopyLine({ label, text }: { label: string; text: string }) {
  return (
    <div class="copy-line">
      <span class="fine">{label}</span>
      <code class="link">{text}</code>
      <CopyButton label={label} text={text} />
    </div>
  );
}
