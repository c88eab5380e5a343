/** What a browser remembers of itself as a device of somebody. */
export interface KeptDevice {
  readonly id: string;
  readonly person: string;
  readonly name: string;
  /** Which subscription it was: the browser may have another by now. */
  readonly endpoint: string;
}

/** What was kept, or undefined where that is not to be read. */
export function readKeptDevice(kept: string | null): KeptDevice | undefined {
  try {
    const found: unknown = JSON.parse(kept ?? 'null');
    if (typeof found !== 'object' || found === null) return undefined;
    const { id, person, name, endpoint } = found as Readonly<Record<string, unknown>>;
    const all = [id, person, name, endpoint];
    if (!all.every((one) => typeof one === 'string')) return undefined;
    const [first, second, third, fourth] = all as [string, string, string, string];
    return { id: first, person: second, name: third, endpoint: fourth };
  } catch {
    // Anything may have been written under this name; it is as if nothing had been.
    return undefined;
  }
}
