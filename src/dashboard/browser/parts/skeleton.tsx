/** Stands where rows will be, so that nothing jumps when they come; screen readers hear that it is loading. */
export function Skeleton({ rows }: { rows: number }) {
  return (
    <div class="skeleton" role="status">
      <span class="visually-hidden">Loading…</span>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} class="bone" aria-hidden="true" />
      ))}
    </div>
  );
}
