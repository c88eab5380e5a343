/** What this browser remembers of the log that it saw last. */
export interface Memory {
  /** The key that the log began with. */
  readonly key: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
  /** RFC 3339: when it was seen. */
  readonly at: string;
}

/** What was kept; undefined for anything else that stands there. */
export function readMemory(kept: string | null): Memory | undefined {
  try {
    const { key, size, root, at } = (JSON.parse(kept ?? 'null') ?? {}) as Partial<Memory>;
    const isWhole =
      typeof key === 'string' &&
      Number.isSafeInteger(size) &&
      /^[A-Za-z0-9+/]{43}=$/.test(root ?? '') &&
      !Number.isNaN(Date.parse(at ?? ''));
    return isWhole ? ({ key, size, root, at } as Memory) : undefined;
  } catch {
    // Another program may have written there; its text is no memory of ours.
    return undefined;
  }
}

export function writeMemory(seen: Omit<Memory, 'root'> & { readonly root: Uint8Array }): string {
  return JSON.stringify({ ...seen, root: btoa(String.fromCharCode(...seen.root)) });
}
