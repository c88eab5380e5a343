import type { ApprovalDetail } from '../../../sdk/approval.ts';
import { callRows, type TreeRow } from './tree.ts';

const VIEW = /^(?:[\x20-\x7e\n]|⟦U\+[0-9A-F]{4,6}⟧)*$/u;

/** The lines of a call, or why it cannot be shown faithfully; then it must not be decided. An erased call has no lines. */
export function readDetail(detail: ApprovalDetail): {
  readonly rows: readonly TreeRow[];
  readonly problem: string | undefined;
} {
  try {
    if (!VIEW.test(detail.view)) throw new Error('The view holds characters that a view cannot hold.');
    if (detail.redactedAt !== null) return { rows: [], problem: undefined };
    return { rows: callRows(detail.call), problem: undefined };
  } catch (error) {
    return { rows: [], problem: error instanceof Error ? error.message : String(error) };
  }
}
