import { freezeAction, freezeCall } from '../../../src/approvals/frozen-call.ts';
import { canonicalize } from '../../../src/core/canonical.ts';
import { commitment } from '../../../src/core/digest.ts';
import { systemRandomBytes } from '../../../src/core/ids.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { type RecordedPage, readRecordedCalls } from '../../../src/evidence/recorded/read-calls.ts';
import {
  type ReplayDeps,
  type ReplayStep,
  replayPolicy,
} from '../../../src/evidence/recorded/replay-policy.ts';
import type { EntryDraft } from '../../../src/ledger/entry.ts';
import { sealPayload } from '../../../src/ledger/payload.ts';
import { insertPayload, readSize } from '../../../src/ledger/store.ts';
import type { DifferenceReport } from '../../../src/policy/difference.ts';
import type { RecordedCall } from '../../../src/policy/recorded-call.ts';
import type { Statement } from '../../../src/storage/database.ts';
import { openFixture } from '../../ledger/fixture.ts';
import { policyOf } from '../../policy/fixtures.ts';

const WORKSPACE = 'default';
const KEY = new Uint8Array(32).fill(3);

interface ReplayTerms {
  readonly since?: number;
  readonly bounded?: boolean;
}

/** A real ledger to which a test writes judged calls as the gate does, and the replays over it. */
export async function openRecorder() {
  const { database, ledger, clock } = await openFixture();
  const inForce = { rules: [] as readonly string[] };
  const watch = { nowMs: 0, stepMs: 0, onLook: () => {} };
  const deps: ReplayDeps = {
    database,
    workspace: WORKSPACE,
    dataKey: KEY,
    ledger,
    inForce: () => policyOf(inForce.rules),
    stopwatch() {
      watch.onLook();
      watch.nowMs += watch.stepMs;
      return watch.nowMs;
    },
  };
  const write = (then: readonly Statement[], ...entries: EntryDraft[]) => ledger.commit({ then, entries });

  /** Each step of a replay. */
  async function steps(
    rules: readonly string[],
    { since = 0, bounded = false }: ReplayTerms = {},
  ): Promise<ReplayStep[]> {
    const until = clock.nowMs + 1;
    const request = { policy: policyOf(rules), since, until, principal: 'person:per_1', bounded };
    const all: ReplayStep[] = [];
    for await (const step of await replayPolicy(deps, request)) all.push(step);
    return all;
  }

  return {
    clock,
    /** What goes by between two looks at the stopwatch; none unless told. */
    watch,
    deps,
    /** A session that began now. */
    session: (id: string, labels: Readonly<Record<string, string>> = {}) =>
      write([
        {
          sql: `INSERT INTO session (id, workspace, token_hash, subject, labels, scope, minted_by, created_at, expires_at)
            VALUES (?, ?, ?, 'ann', ?, '[]', 'api_key:key_1', ?, ?)`,
          params: [id, WORKSPACE, `hash of ${id}`, JSON.stringify(labels), clock.nowMs, clock.nowMs + 1e9],
        },
      ]),
    define: (tool: string, definition: JsonObject) =>
      write([
        {
          sql: `INSERT INTO tool_pin (workspace, server, tool, hash, definition, pinned_at, pinned_by)
            VALUES (?, 'shop', ?, ?, ?, 0, 'first_seen')`,
          params: [WORKSPACE, tool, `hash of ${tool}`, JSON.stringify(definition)],
        },
      ]),
    /** An allowed call with its arguments beside the ledger; `body` adds to its entry. */
    async allowed(
      id: string,
      call: { args?: JsonObject; session?: string; tool?: string; body?: JsonObject } = {},
    ) {
      const { args = {}, session = 'ses_1', tool = 'pay', body = {} } = call;
      const salt = systemRandomBytes(32);
      const text = canonicalize(args);
      const commit = commitment(salt, text);
      const payload = {
        id,
        workspace: WORKSPACE,
        commitment: commit,
        salt: Buffer.from(salt).toString('hex'),
        ciphertext: sealPayload({ key: KEY, random: systemRandomBytes }, { commitment: commit, text }),
        subject: 'ann',
        createdAt: clock.nowMs,
      };
      await write([insertPayload(payload)], {
        type: 'call.intent',
        ref: { call: id, session, subject: 'ann', action: `shop/${tool}` },
        body: { arguments: commit, tool_def: `hash of ${tool}`, policy: 'sha256:then', rule: 'was', ...body },
      });
    },
    entry: (entry: EntryDraft) => write([], entry),
    /** An approval's row and entry, of a tool call, or of an action where `facts` are given. */
    async held(
      id: string,
      request: {
        args: JsonObject;
        facts?: { resource: string; metadata: JsonObject };
        shadow?: object[];
        policy?: string;
      },
    ) {
      const { args, facts, policy = 'sha256:then' } = request;
      const call =
        facts === undefined
          ? freezeCall({ server: 'shop', tool: 'pay', args })
          : freezeAction({
              name: 'deploy',
              resource: facts.resource,
              args,
              facts: { actor: 'ann', risk: 'high', metadata: facts.metadata },
            });
      const row: Record<string, string | number> = {
        id,
        workspace: WORKSPACE,
        kind: call.kind,
        requester: 'x',
        subject: 'ann',
        state: 'pending',
        server: 'shop',
        tool: 'pay',
        exposed: 'pay',
        risk: 'high',
        dedupe_key: id,
        call_text: call.text,
        call_digest: '',
        call_salt: '',
        call_commit: '',
        view_text: '',
        view_salt: '',
        view_commit: '',
        tool_hash: '',
        policy_version: '',
        verdict: JSON.stringify({ redact: ['/to'], shadow: request.shadow ?? [] }),
        instance: id,
        requested_at: clock.nowMs,
        expires_at: clock.nowMs,
      };
      const columns = Object.keys(row);
      const sql = `INSERT INTO approval (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
      const ref =
        facts === undefined
          ? { approval: id, session: 'ses_1', subject: 'ann', principal: 'session:ses_1', action: 'shop/pay' }
          : { approval: id, subject: 'ann', principal: 'api_key:key_1', action: 'deploy' };
      await write([{ sql, params: Object.values(row) }], {
        type: 'approval.requested',
        ref,
        body: {
          kind: call.kind,
          effect: 'hold',
          rule: 'was',
          policy,
          tool_def: 'hash of pay',
        },
      });
    },
    erase: (id: string) => write([{ sql: 'DELETE FROM payload WHERE id = ?', params: [id] }]),
    /** Everything that was recorded. */
    async calls(): Promise<RecordedCall[]> {
      const pages: RecordedPage[] = [];
      const range = { from: 0, to: await readSize(database), input: true, callCounts: true };
      for await (const page of readRecordedCalls(deps, range)) pages.push(page);
      return pages.flatMap((page) => page.calls);
    },
    /** Keeps a policy that was in force once; gives its hash. */
    async keep(rules: readonly string[]): Promise<string> {
      const { version, sources } = policyOf(rules);
      const files = JSON.stringify(Object.fromEntries(sources.map(({ name, text }) => [name, text])));
      await write([
        {
          sql: 'INSERT INTO policy_version (workspace, hash, files, loaded_at) VALUES (?, ?, ?, 0)',
          params: [WORKSPACE, version, files],
        },
      ]);
      return version;
    },
    /** The rules of the policy that is in force now. */
    enforce(rules: readonly string[]): void {
      inForce.rules = rules;
    },
    steps,
    /** What a policy of these rules would have made of it all, or of what came since; of `bounded`, as a person is told. */
    async replay(
      rules: readonly string[],
      asked: ReplayTerms = {},
    ): Promise<DifferenceReport & { leftOut: number }> {
      const last = (await steps(rules, asked)).at(-1);
      if (last?.kind !== 'report') throw new Error('a replay ended without its report');
      return { ...last.report, leftOut: last.leftOut };
    },
  };
}
