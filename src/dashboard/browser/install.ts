import { type ReadonlySignal, signal } from '@preact/signals';

/** The browser would install the page (W3C Manifest Incubations, `BeforeInstallPromptEvent`). */
interface InstallEvent extends Event {
  prompt(): Promise<unknown>;
}

export interface InstallOffer {
  /** Has the browser ask the person; once for each offer. */
  ask(): Promise<void>;
}

/** The browser's offer to install the page, which comes soon after it was opened; kept until it was taken up. */
export function createInstall(): ReadonlySignal<InstallOffer | undefined> {
  const offer = signal<InstallOffer | undefined>(undefined);
  const clear = () => {
    offer.value = undefined;
  };
  window.addEventListener('beforeinstallprompt', (event) => {
    // Else the browser asks by itself, over whatever is being read.
    event.preventDefault();
    offer.value = {
      async ask() {
        clear();
        await (event as InstallEvent).prompt();
      },
    };
  });
  window.addEventListener('appinstalled', clear);
  return offer;
}
