import { useSignal } from '@preact/signals';
import { explain } from '../../api.ts';
import type { Shell } from '../../shell.ts';
import { Notice } from '../notice.tsx';

/** Offers what the browser offers: the page as an application of the device. Nothing where it is one already. */
export function InstallCard({ shell }: { shell: Shell }) {
  const problem = useSignal<string | undefined>(undefined);
  const offer = shell.install.value;
  if (problem.value !== undefined) {
    return (
      <Notice kind="error" title="The browser did not install the page">
        <p>{problem.value} Its menu may have an entry for installing too.</p>
      </Notice>
    );
  }
  if (offer === undefined) return null;
  const install = async () => {
    try {
      await offer.ask();
    } catch (error) {
      problem.value = explain(error);
    }
  };
  return (
    <section class="card" aria-labelledby="install">
      <h2 id="install">Install</h2>
      <p>
        The dashboard in a window of its own, with its own place among the applications of this device. It
        keeps no calls on the device; without the gateway it shows nothing.
      </p>
      <button type="button" onClick={install}>
        Install Countersign
      </button>
    </section>
  );
}
