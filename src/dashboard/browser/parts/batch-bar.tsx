import { type Signal, useSignal } from '@preact/signals';
import type { FunctionComponent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Approval } from '../../../sdk/approval.ts';
import type { Me } from '../api.ts';
import { onKeys } from '../keys.ts';
import { batchHindrance } from '../model/batch.ts';
import type { Inbox } from '../model/inbox.ts';
import type { Shell } from '../shell.ts';
import type { BatchDialogProps } from './batch-dialog.tsx';

interface BatchBarProps {
  readonly shell: Shell;
  readonly me: Me;
  readonly inbox: Inbox;
  readonly picked: Signal<ReadonlySet<string>>;
}

/** What was picked, and the way to decide it together. */
export function BatchBar({ shell, me, inbox, picked }: BatchBarProps) {
  const dialog = useSignal<{ readonly Show: FunctionComponent<BatchDialogProps> } | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const calls: Approval[] = [...picked.value].flatMap((id) => {
    const row = inbox.rows.get(id);
    return row === undefined || row.gone ? [] : [row.approval];
  });
  const open = () =>
    import('./batch-dialog.tsx').then(
      ({ BatchDialog }) => {
        dialog.value = { Show: BatchDialog };
      },
      (error: unknown) => {
        problem.value = shell.failed(error);
      },
    );
  const hindrance = batchHindrance(calls);
  const latest = useRef({ hindrance });
  latest.current = { hindrance };
  useEffect(
    () =>
      onKeys({
        b: () => {
          if (latest.current.hindrance === undefined) void open();
        },
        Escape: () => {
          picked.value = new Set();
        },
      }),
    [picked],
  );
  if (calls.length === 0 && dialog.value === undefined) return null;
  const Show = dialog.value?.Show;
  return (
    <section class="decide" aria-label="Decide together">
      <div class="buttons">
        <strong>{calls.length} picked</strong>
        <button type="button" class="primary" disabled={hindrance !== undefined} onClick={() => void open()}>
          Decide together…
        </button>
        <button
          type="button"
          onClick={() => {
            picked.value = new Set();
          }}
        >
          Clear
        </button>
        <p class="fine" role="status">
          {problem.value ?? hindrance ?? 'One passkey signature decides all of them.'}
        </p>
      </div>
      {Show !== undefined && (
        <Show
          shell={shell}
          me={me}
          ids={calls.map(({ id }) => id)}
          close={(done) => {
            dialog.value = undefined;
            if (done) picked.value = new Set();
          }}
        />
      )}
    </section>
  );
}
