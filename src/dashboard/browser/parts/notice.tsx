import type { ComponentChildren } from 'preact';

interface NoticeProps {
  readonly kind: 'info' | 'warning' | 'error' | 'good';
  readonly title: string;
  readonly children?: ComponentChildren;
  /** Offers a way on after a failure. */
  readonly retry?: () => unknown;
}

/** A message that says what happened and what to do. Errors are announced at once. */
export function Notice({ kind, title, children, retry }: NoticeProps) {
  return (
    <section class={`notice ${kind}`} role={kind === 'error' ? 'alert' : 'status'}>
      <h2>{title}</h2>
      {children}
      {retry && (
        <p>
          <button type="button" onClick={() => retry()}>
            Try again
          </button>
        </p>
      )}
    </section>
  );
}
