/** A map for things that come and go with every call. */
export interface TransientMap<K, V> {
  readonly size: number;
  get(key: K): V | undefined;
  set(key: K, value: V): void;
  /** Removes and returns what stands under a key. */
  take(key: K): V | undefined;
  /** What is there now, in the order in which the keys came. */
  values(): V[];
  /** Removes and returns everything. */
  clear(): V[];
}

/**
 * Lets go of what was taken at once. The table that a `Map` leaves behind when it grows or shrinks still holds its values,
 * and the table after it: once one of them is old, all that passes through the map lives until the next full collection.
 * Here such a table holds empty boxes. Keys should be small.
 */
export function createTransientMap<K, V>(): TransientMap<K, V> {
  const boxes = new Map<K, { value: V | undefined }>();

  function take(key: K): V | undefined {
    const box = boxes.get(key);
    if (box === undefined) return undefined;
    boxes.delete(key);
    const { value } = box;
    box.value = undefined;
    return value;
  }

  return {
    get size() {
      return boxes.size;
    },
    get: (key) => boxes.get(key)?.value,
    set(key, value) {
      const box = boxes.get(key);
      if (box === undefined) boxes.set(key, { value });
      else box.value = value;
    },
    take,
    values: () => Array.from(boxes.values(), ({ value }) => value as V),
    clear: () => Array.from(boxes.keys(), (key) => take(key) as V),
  };
}
