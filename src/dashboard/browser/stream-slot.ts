/**
 * Over HTTP/1.1 a browser has six connections to one site, for all its windows together. So many are for streams; the others
 * stay free for requests, however many windows are open.
 */
const SLOTS = 4;

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/**
 * Holds one of the connections for streams until `signal` aborts. False when all are taken: then one asks again and again
 * instead. True where the browser has no locks, which are there for every page that can use a passkey.
 */
export async function takeStreamSlot(signal: AbortSignal): Promise<boolean> {
  const { locks } = navigator;
  if (locks === undefined) return true;
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const taken = await new Promise<boolean>((resolve, reject) => {
      locks
        .request(`countersign-stream-${slot}`, { ifAvailable: true }, async (lock) => {
          resolve(lock !== null);
          if (lock !== null && !signal.aborted) await aborted(signal);
        })
        .catch(reject);
    });
    if (taken) return true;
  }
  return false;
}
