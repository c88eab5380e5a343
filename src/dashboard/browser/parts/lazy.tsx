import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { explain } from '../api.ts';
import type { ScreenProps, ScreenView } from '../shell.ts';
import { Notice } from './notice.tsx';
import { Skeleton } from './skeleton.tsx';

/** A screen that is loaded when it is first shown. It must be given a `key`, so that another screen starts anew. */
export function Lazy({ load, ...props }: ScreenProps & { load: () => Promise<ScreenView> }) {
  const view = useSignal<{ readonly show: ScreenView } | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const start = () => {
    problem.value = undefined;
    load().then(
      (show) => {
        view.value = { show };
      },
      (error: unknown) => {
        problem.value = explain(error);
      },
    );
  };
  useEffect(start, [load]);
  if (view.value !== undefined) {
    const Show = view.value.show;
    return <Show {...props} />;
  }
  if (problem.value === undefined) return <Skeleton rows={4} />;
  return (
    <Notice kind="error" title="This screen could not be loaded" retry={start}>
      <p>{problem.value} The gateway may have been updated: reload the page.</p>
    </Notice>
  );
}
