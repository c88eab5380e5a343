import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Approval } from '../../../sdk/approval.ts';
import { ApprovalRow } from '../parts/approval-row.tsx';
import { Notice } from '../parts/notice.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import type { Shell } from '../shell.ts';

/** Calls that were decided, expired or withdrawn, newest first. */
export function History({ shell }: { shell: Shell }) {
  const approvals = useSignal<readonly Approval[] | undefined>(undefined);
  const cursor = useSignal<string | null>(null);
  const problem = useSignal<string | undefined>(undefined);

  const load = async (from: string | undefined) => {
    try {
      const page = await shell.api.client.approvals.list({ limit: 50, cursor: from });
      const before = from === undefined ? [] : (approvals.value ?? []);
      approvals.value = [...before, ...page.data.filter((approval) => approval.state !== 'pending')];
      cursor.value = page.nextCursor;
      problem.value = undefined;
    } catch (error) {
      problem.value = shell.failed(error);
    }
  };
  useEffect(() => {
    document.title = 'History · Countersign';
    void load(undefined);
  }, [shell]);

  const shown = approvals.value;
  return (
    <>
      <h1>History</h1>
      {problem.value !== undefined && (
        <Notice kind="error" title="The history could not be loaded" retry={() => load(undefined)}>
          <p>{problem.value}</p>
        </Notice>
      )}
      {shown === undefined && problem.value === undefined && <Skeleton rows={4} />}
      {shown?.length === 0 && cursor.value === null && (
        <Notice kind="info" title="Nothing has been decided yet">
          <p>
            Decisions and their outcomes are kept here. <a href="/">Open the inbox</a>
          </p>
        </Notice>
      )}
      <ul class="rows" aria-label="Earlier calls">
        {(shown ?? []).map((approval) => (
          <ApprovalRow key={approval.id} approval={approval} now={shell.now.value} />
        ))}
      </ul>
      {cursor.value !== null && (
        <button type="button" onClick={() => load(cursor.value ?? undefined)}>
          Show older
        </button>
      )}
    </>
  );
}
