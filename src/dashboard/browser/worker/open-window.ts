import { GO, windowFor } from '../model/push-message.ts';

const PATIENCE_MS = 2_000;

/** Asks a window to show a path. True once it says that it does; false when it does not answer, as the page without a gateway. */
function ask(window: WindowClient, path: string): Promise<boolean> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), PATIENCE_MS);
    port1.onmessage = () => {
      clearTimeout(timer);
      resolve(true);
    };
    window.postMessage({ type: GO, path }, [port2]);
  });
}

async function showIn(window: WindowClient, path: string): Promise<boolean> {
  try {
    const focused = await window.focus();
    return (await ask(focused, path)) || (await focused.navigate(path)) !== null;
  } catch {
    // A browser may refuse to focus or to lead a window that is not under this worker; a new one can be opened still.
    return false;
  }
}

/** Shows `path`, which must be one that may be opened, in a window of this site that is open, else in a new one. */
export async function openWindow(clients: Clients, path: string): Promise<void> {
  const windows = await clients.matchAll({ type: 'window', includeUncontrolled: true });
  const window = windowFor(windows, path);
  if (window === undefined || !(await showIn(window, path))) await clients.openWindow(path);
}
