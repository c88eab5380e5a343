import { join } from 'node:path';
import { systemClock } from '../src/core/clock.ts';
import { systemRandomBytes } from '../src/core/ids.ts';
import { createLedger } from '../src/ledger/append.ts';
import { countFacets } from '../src/ledger/count-facets.ts';
import type { EntryDraft } from '../src/ledger/entry.ts';
import type { EntryFilter } from '../src/ledger/filter.ts';
import { openLogKey } from '../src/ledger/open-key.ts';
import { queryEntries } from '../src/ledger/query.ts';
import type { Reader } from '../src/storage/database.ts';
import { openLibsql } from '../src/storage/libsql.ts';
import type { Figure } from './extras.ts';
import { quantile } from './measure.ts';

const ENTRIES = 1_000_000;
const SESSIONS = 20_000;
const USERS = 500;
const TOOLS = 40;
const AT_ONCE = 500;
const ROUNDS = 40;

const HASH = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const REASON = 'Policy forbids this because amounts above the limit of the team are never paid out by agents';

function session(index: number): string {
  return `ses_${String(index).padStart(22, '0')}`;
}

function minted(index: number): EntryDraft {
  const labels = { team: `t${index % 200}`, env: index % 3 === 0 ? 'dev' : 'prod' };
  const ref = { session: session(index), subject: `user-${index % USERS}`, principal: 'api_key:key_1' };
  return { type: 'session.minted', ref, body: { session: session(index), labels } };
}

/** What the n-th entry is: mostly calls and their outcomes, one in twelve denied or held, a third of all by one user. */
function entry(index: number): EntryDraft {
  if (index < SESSIONS) return minted(index);
  // A prime step visits sessions and tools in an order of its own, the same in every run.
  const spread = (index * 7_919) % 104_729;
  const own = spread % SESSIONS;
  const tool = spread % TOOLS;
  const action = `server${tool % 5}/${['refund', 'list', 'get', 'delete', 'send'][tool % 5]}_${tool}`;
  const subject = spread % 3 === 0 ? 'user-0' : `user-${own % USERS}`;
  const about = { session: session(own), subject, action };
  const kind = index % 24;
  if (kind === 7) return { type: 'call.denied', ref: about, body: { rule: `no-${tool}`, reason: REASON } };
  if (kind === 15) {
    const ref = { ...about, approval: `apr_${index}`, principal: `session:${session(own)}` };
    const statement = JSON.stringify({ reason: `checked by telephone, ticket ${index % 5_000}` });
    return { type: 'approval.decided', ref, body: { decision: 'approve', statement, proof: HASH.repeat(8) } };
  }
  const ref = { ...about, call: `req_${index - (index % 2)}` };
  return index % 2 === 0
    ? { type: 'call.intent', ref, body: { arguments: HASH, rule: 'allow', policy: HASH, tool_def: HASH } }
    : { type: 'call.outcome', ref, body: { kind: 'result', is_error: false, bytes: 120 } };
}

const FILTERS: readonly EntryFilter[] = [
  { subject: 'user-77' },
  { subject: 'user-0', type: 'approval.decided' },
  { subject: 'user-0', type: 'session.minted' },
  { session: session(3) },
  { action: 'server0/refund_0', type: 'session.minted' },
  { action: 'server0/*', verdict: 'deny' },
  { tool: 'refund_*', subject: 'user-77' },
  { verdict: 'deny' },
  { verdict: 'allow', agent: 'env=dev' },
  { agent: 'team=t7', type: 'call.denied' },
  { text: 'refund telephone' },
  { text: 'ticket 4711', subject: 'user-0' },
  { text: 'paid agents', verdict: 'deny' },
  { call: 'req_500040' },
];

async function slowestMs(run: (filter: EntryFilter) => Promise<unknown>): Promise<number> {
  const slowest: number[] = [];
  for (const filter of FILTERS) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const began = performance.now();
      await run(filter);
      times.push(performance.now() - began);
    }
    slowest.push(quantile(times, 0.99));
  }
  return Math.max(...slowest);
}

function page(database: Reader, order: 'asc' | 'desc'): Promise<number> {
  return slowestMs((filter) => queryEntries(database, { ...filter, order, limit: 50 }));
}

/** A page of a ledger of a million entries, in both orders, by each of some filters; the slowest filter counts. */
export async function measureLogs(folder: string): Promise<Figure[]> {
  const database = openLibsql({ file: join(folder, 'countersign.db') });
  const keyFile = join(folder, 'ledger.key');
  const { signer } = openLogKey({
    file: keyFile,
    name: 'localhost/bench',
    random: systemRandomBytes,
    now: systemClock,
  });
  const report = (error: unknown): never => {
    throw error;
  };
  const ledger = await createLedger({ database, signer, now: systemClock, report });
  for (let from = 0; from < ENTRIES; from += AT_ONCE)
    await ledger.commit({ entries: Array.from({ length: AT_ONCE }, (_, index) => entry(from + index)) });
  const slower = Math.max(await page(database, 'desc'), await page(database, 'asc'));
  const counted = await slowestMs((filter) => countFacets(database, filter));
  await ledger.close();
  await database.close();
  const named = `${ENTRIES.toLocaleString('en-US')} entries`;
  return [
    { what: `logs: filtered page of ${named}, slowest filter, p99`, value: slower, unit: 'ms', must: 50 },
    { what: `logs: facets of ${named}, slowest filter, p99`, value: counted, unit: 'ms', must: Number.NaN },
  ];
}
