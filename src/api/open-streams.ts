/** The event streams that are open now; each ends once its reader may not read any more. */
export interface OpenStreams {
  /** Adds a stream by the check that ends it where needed. Returns how to forget it. */
  add(check: () => void): () => void;
  /** Has every stream check its reader; called when a key is revoked or a person removed or signed out. */
  recheck(): void;
}

export function createOpenStreams(): OpenStreams {
  const checks = new Set<() => void>();
  return {
    add(check) {
      checks.add(check);
      return () => void checks.delete(check);
    },
    recheck() {
      for (const check of [...checks]) check();
    },
  };
}
