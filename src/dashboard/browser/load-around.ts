import type { ApprovalDetail } from '../../sdk/approval.ts';
import type { ApprovalTrace } from '../../sdk/approval-trace.ts';
import type { LogEntry } from '../../sdk/log-entry.ts';
import type { Session } from '../../sdk/sessions.ts';
import { loadNames, type Names } from './load-names.ts';
import type { Shell } from './shell.ts';

const RECENT = 10;
const TIMELINE = 200;

/** What was found, or why it was not. */
export type Found<T> = { readonly value: T } | { readonly problem: string };

/** What helps to judge a call beside the call itself. None of it is signed, and the call can be decided without it. */
export interface Around {
  readonly previous: Found<ApprovalDetail | null>;
  readonly trace: Found<ApprovalTrace | null>;
  /** Null for an action. */
  readonly session: Found<Session | null>;
  /** What the ledger has of this approval, oldest first. */
  readonly timeline: Found<readonly LogEntry[]>;
  /** What the same session or subject did last, newest first. */
  readonly recent: Found<readonly LogEntry[]>;
  /** Who is meant by the references in those entries. */
  readonly names: Found<Names>;
}

/** Loads each part on its own: one that fails says why in its place. */
export async function loadAround(shell: Shell, detail: ApprovalDetail): Promise<Around> {
  const { approvals, sessions, logs } = shell.api.client;
  const found = async <T>(asked: Promise<T>): Promise<Found<T>> => {
    try {
      return { value: await asked };
    } catch (error) {
      return { problem: shell.failed(error) };
    }
  };
  const { id, session, subject, redactedAt } = detail;
  const by = session === null ? { subject } : { session: session.id };
  const [previous, trace, ofSession, timeline, recent, names] = await Promise.all([
    found(redactedAt === null ? approvals.previous(id) : Promise.resolve(null)),
    found(redactedAt === null ? approvals.trace(id) : Promise.resolve(null)),
    found(session === null ? Promise.resolve(null) : sessions.get(session.id)),
    found(logs.query({ approval: id, order: 'asc', limit: TIMELINE }).then(({ data }) => data)),
    found(logs.query({ ...by, limit: RECENT * 3 }).then(({ data }) => data)),
    found(loadNames(shell)),
  ]);
  return { previous, trace, session: ofSession, timeline, recent, names };
}
