import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** What comes sooner is heard by itself. */
const TELL_AFTER_MS = 800;

/** Stands where rows will be, so that nothing jumps when they come; a reader hears that it is loading when it takes long. */
export function Skeleton({ rows }: { rows: number }) {
  const slow = useSignal(false);
  useEffect(() => {
    const timer = window.setTimeout(() => {
      slow.value = true;
    }, TELL_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, []);
  return (
    <div class="skeleton" role="status">
      <span class="visually-hidden">{slow.value && 'Loading…'}</span>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} class="bone" aria-hidden="true" />
      ))}
    </div>
  );
}
