import { furtherProgress, type JobProgress } from './job.ts';

/** What is known of jobs in this process alone: the newest progress, and who wants to hear of a wish to end. */
export interface LiveJobs {
  /** True when it is news. */
  progressed(id: string, told: JobProgress): boolean;
  progressOf(id: string): JobProgress | undefined;
  /** What has not been saved yet; each is handed out once. */
  takeUnsaved(): { readonly id: string; readonly progress: JobProgress }[];
  /** Tells whoever does the work, now or as soon as they listen. */
  cancel(id: string): void;
  onCancel(id: string, run: () => void): () => void;
  /** Nothing more comes of this job. */
  forget(id: string): void;
}

export function createLiveJobs(): LiveJobs {
  const progress = new Map<string, JobProgress>();
  const unsaved = new Set<string>();
  const cancelled = new Set<string>();
  const listeners = new Map<string, Set<() => void>>();
  return {
    progressed(id, told) {
      const known = progress.get(id);
      const further = furtherProgress(known, told);
      if (further === undefined || further === known) return false;
      progress.set(id, further);
      unsaved.add(id);
      return true;
    },
    progressOf: (id) => progress.get(id),
    takeUnsaved() {
      const taken = [...unsaved].flatMap((id) => {
        const found = progress.get(id);
        return found === undefined ? [] : [{ id, progress: found }];
      });
      unsaved.clear();
      return taken;
    },
    cancel(id) {
      cancelled.add(id);
      const found = listeners.get(id) ?? new Set();
      listeners.delete(id);
      for (const run of found) run();
    },
    onCancel(id, run) {
      if (cancelled.has(id)) {
        queueMicrotask(run);
        return () => undefined;
      }
      const found = listeners.get(id) ?? new Set();
      listeners.set(id, found.add(run));
      return () => {
        found.delete(run);
        if (found.size === 0 && listeners.get(id) === found) listeners.delete(id);
      };
    },
    forget(id) {
      progress.delete(id);
      unsaved.delete(id);
      cancelled.delete(id);
      listeners.delete(id);
    },
  };
}
