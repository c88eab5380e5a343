import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { Entry } from '../../ledger/entry.ts';
import { openPayload } from '../../ledger/payload.ts';
import type { RecordedCall } from '../../policy/recorded-call.ts';
import type { Verdict } from '../../policy/verdict.ts';
import type { Reader } from '../../storage/database.ts';
import { payloadRows } from '../store.ts';
import { countsAsCall, recordedCall, type Sidecars } from './recorded-entry.ts';
import {
  approvalRows,
  callsBefore,
  judgedEntries,
  judgedEntry,
  type SessionRow,
  sessionRows,
  toolDefinitions,
} from './store.ts';

export interface RecordedDeps {
  readonly database: Reader;
  readonly workspace: string;
  /** Opens the payloads beside the ledger. */
  readonly dataKey: Parameters<typeof openPayload>[0];
}

/** What of the calls is wanted beside what their entries and approvals say. */
export interface Wanted {
  /** Arguments, sessions and definitions: everything that policy saw. */
  readonly input: boolean;
  /** How many calls the session had made, which takes a query for each session. */
  readonly callCounts: boolean;
}

const WINDOW = 250;
const SESSIONS_KEPT = 5_000;

interface KnownSession extends SessionRow {
  calls: number;
}

interface Readers {
  readonly annotations: ReadonlyMap<string, JsonObject>;
  readonly sessions: Map<string, KnownSession>;
}

/** Stands where no session does: of an action. */
const NO_SESSION = { labels: {}, createdAt: Number.MAX_SAFE_INTEGER, calls: 0 };

async function openReaders(deps: RecordedDeps, wanted: Wanted): Promise<Readers> {
  const rows = wanted.input ? await toolDefinitions(deps.database, deps.workspace) : [];
  const annotations = rows.map(({ hash, definition }): [string, JsonObject] => {
    const declared = (JSON.parse(definition) as JsonObject).annotations;
    return [hash, isJsonObject(declared) ? declared : {}];
  });
  return { annotations: new Map(annotations), sessions: new Map() };
}

/** Makes sure that the sessions of these entries are known, with their count of calls before the first of them. */
async function learnSessions(
  deps: RecordedDeps,
  sessions: Map<string, KnownSession>,
  { entries, callCounts }: { entries: readonly Entry[]; callCounts: boolean },
): Promise<void> {
  const firstSeq = new Map<string, number>();
  for (const { ref, seq } of entries) {
    if (ref.session === undefined || sessions.has(ref.session) || firstSeq.has(ref.session)) continue;
    firstSeq.set(ref.session, seq);
  }
  if (sessions.size + firstSeq.size > SESSIONS_KEPT) {
    // The others are looked up again; those of this page must stay.
    const needed = new Set(entries.map(({ ref }) => ref.session));
    for (const id of sessions.keys()) if (!needed.has(id)) sessions.delete(id);
  }
  const rows = await sessionRows(deps.database, [...firstSeq.keys()]);
  for (const [session, seq] of firstSeq) {
    const calls = callCounts ? await callsBefore(deps.database, { session, seq }) : 0;
    const row = rows.get(session);
    if (row !== undefined) sessions.set(session, { ...row, calls });
  }
}

async function recordedCalls(
  deps: RecordedDeps,
  readers: Readers,
  { entries, wanted }: { entries: readonly Entry[]; wanted: Wanted },
): Promise<RecordedCall[]> {
  const idsOf = (type: Entry['type'], id: (entry: Entry) => string | undefined): string[] =>
    entries.flatMap((entry) => (entry.type === type ? (id(entry) ?? []) : []));
  const approvals = await approvalRows(
    deps.database,
    idsOf('approval.requested', ({ ref }) => ref.approval),
  );
  const { workspace } = deps;
  const ids = wanted.input ? idsOf('call.intent', ({ ref }) => ref.call) : [];
  const payloads = await payloadRows(deps.database, { workspace, ids });
  if (wanted.input) await learnSessions(deps, readers.sessions, { entries, callCounts: wanted.callCounts });
  return entries.map((entry) => {
    const approval = approvals.get(entry.ref.approval ?? '');
    const sealed = payloads.get(entry.ref.call ?? '');
    const session = readers.sessions.get(entry.ref.session ?? '');
    const { labels, createdAt, calls } = session ?? NO_SESSION;
    const beside: Sidecars = {
      args: sealed && openPayload(deps.dataKey, sealed),
      approval: approval && { call: approval.call, verdict: JSON.parse(approval.verdict) as Verdict },
      annotations: readers.annotations.get(String(entry.body.tool_def)),
      labels,
      ageMs: Math.max(0, entry.ts - createdAt),
      calls,
    };
    if (session !== undefined && countsAsCall(entry)) session.calls++;
    return recordedCall(entry, beside);
  });
}

/** A page of calls, and the sequence up to which everything was read. */
export interface RecordedPage {
  readonly calls: readonly RecordedCall[];
  readonly next: number;
}

/**
 * Every judged call with `from <= seq < to`, in order, page by page in bounded memory. Between two pages the process
 * does what else it has to do.
 */
export async function* readRecordedCalls(
  deps: RecordedDeps,
  { from, to, ...wanted }: { from: number; to: number } & Wanted,
): AsyncGenerator<RecordedPage, void> {
  const readers = await openReaders(deps, wanted);
  for (let at = from; at < to; at += WINDOW) {
    const next = Math.min(at + WINDOW, to);
    const stored = await judgedEntries(deps.database, { from: at, to: next });
    const entries = stored.map(({ text }) => JSON.parse(text) as Entry);
    yield { calls: await recordedCalls(deps, readers, { entries, wanted }), next };
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** One judged call by its id (`req_…`, `apr_…`) with everything that policy saw; undefined when there is none. */
export async function readRecordedCall(deps: RecordedDeps, id: string): Promise<RecordedCall | undefined> {
  const stored = await judgedEntry(deps.database, id);
  if (stored === undefined) return undefined;
  const wanted = { input: true, callCounts: true };
  const readers = await openReaders(deps, wanted);
  const entries = [JSON.parse(stored.text) as Entry];
  const [call] = await recordedCalls(deps, readers, { entries, wanted });
  return call;
}
