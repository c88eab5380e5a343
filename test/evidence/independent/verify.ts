import { APPROVALS } from './approval-rules.ts';
import {
  canonical,
  commit,
  ed25519,
  fail,
  growTree,
  hex,
  must,
  openNote,
  readVkey,
  rootFrom,
  type Signer,
} from './bytes.ts';
import { checkToken } from './proofs.ts';
import { TRUST } from './trust-rules.ts';
import { newWorld } from './world.ts';

const TOLD = new Set(
  (
    'ledger.genesis ledger.key_rotated policy.loaded policy.replayed key.revoked approver.signed_in passkey.suspect ' +
    'tool.pinned tool.quarantined tool.accepted tool.refused server.authorized server.deauthorized access.evaluated call.denied call.intent call.outcome call.asked ' +
    'approval.late_result job.created job.ended webhook.created webhook.changed webhook.removed device.added device.removed payload.redacted'
  ).split(' '),
);

const COMMITS: Record<string, string[]> = {
  'call.intent': ['arguments'],
  'approval.requested': ['action', 'view'],
  'approval.outcome': ['result'],
  'capability.exchanged': ['token'],
};

export type Answer =
  | { readonly ok: true; readonly entries: number; readonly dispatches: number; readonly root: string }
  | { readonly ok: false; readonly seq: number; readonly reason: string };

/** Verifies the text of an export by docs/ledger-format.md and docs/ledger-entries.md, and by nothing else. */
export function verifyIndependently(text: string, vkey: string): Answer {
  const { name: log } = readVkey(vkey);
  const world = newWorld(log);
  const tree = growTree();
  const keys: (Signer & { vkey: string; from: number })[] = [];
  let header: any;
  let entry: any;
  let unproven: string | undefined;
  let seen: string[] = [];
  let signed = -1;
  let ended = false;
  let entries = 0;
  let requested = false;

  function key(at: any): void {
    const { vkey: next, previous, signature } = at.body;
    if (at.type === 'ledger.key_rotated') {
      must(
        previous === keys.at(-1)?.vkey && !keys.some((one) => one.vkey === next),
        'another key hands over',
      );
      const handover = `countersign/rotate/v1\n${next}\n`;
      must(
        ed25519((keys.at(-1) as Signer).key, handover, Buffer.from(signature, 'base64')),
        'a wrong handover',
      );
    } else if (at.type === 'ledger.genesis')
      must(at.body.format === 'countersign/ledger/v1', 'another format');
    else return;
    const read = readVkey(next);
    must(read.name === log && read.type === 1, 'a key of another log');
    must(at.seq >= signed, 'a checkpoint that its key should have signed stands before it');
    keys.push({ ...read, vkey: next, from: at.seq });
  }

  function takeEntry(raw: string): void {
    must(unproven === undefined, 'an entry without its proof');
    must(Buffer.byteLength(raw) < 65_536, 'too long');
    const next = canonical(raw);
    const bundle = header.approval !== undefined;
    must(
      Object.keys(next).join() === 'body,log,ref,seq,ts,type,v' && next.v === 1 && next.log === log,
      'no entry',
    );
    must(
      bundle ? next.seq > (entry?.seq ?? -1) && next.seq < header.size : next.seq === tree.size(),
      'not in order',
    );
    must(
      (next.type === 'ledger.genesis') === (entry === undefined) && (entry || next.seq === 0),
      'no genesis',
    );
    must(next.ts >= (entry?.ts ?? 0), 'time goes back');
    entry = next;
    key(next);
    if (bundle) unproven = raw;
    else tree.push(raw);
    const due = world.due;
    must(
      due === undefined || (next.type === 'capability.exchanged' && next.ref.approval === due),
      'no exchange',
    );
    world.due = undefined;
    const rule = TRUST[next.type] ?? APPROVALS[next.type];
    must(rule || TOLD.has(next.type), 'an unknown type');
    rule?.(world, next);
    const approval = world.approvals.get(next.ref.approval);
    if (approval) approval.last = next;
    requested ||= next.type === 'approval.requested' && next.ref.approval === header.approval;
    seen = [];
    entries++;
  }

  function takePayload({ id, of, salt, text: disclosed }: any): void {
    must(COMMITS[entry.type]?.includes(of) && !seen.includes(of), 'nothing commits to it');
    const expected = of === 'token' ? entry.body.capability : (entry.ref.approval ?? entry.ref.call);
    must(id === expected && commit(salt, disclosed) === entry.body[of], 'another text');
    seen.push(of);
    const approval = world.approvals.get(entry.ref.approval);
    if (of === 'action') approval.callSha = hex(disclosed);
    if (of === 'token')
      checkToken(disclosed, {
        keys: world.tokenKeys,
        entry,
        request: approval.entry,
        callSha: approval.callSha,
      });
  }

  function takeCheckpoint(note: string): void {
    const size = header.approval === undefined ? tree.size() : header.size;
    const root = header.approval === undefined ? tree.root() : header.root;
    const force = keys.findLast((one) => one.from < size) ?? fail('no key');
    const [origin, count, base64] = openNote(note, force, keys);
    must(origin === log && count === String(size), 'a checkpoint of another size');
    if (Buffer.from(base64 as string, 'base64').toString('hex') !== root)
      throw Object.assign(new Error('other entries than those signed'), { seq: Math.max(0, signed) });
    signed = size;
  }

  function take(line: string, number: number): void {
    must(!ended, 'something follows the end');
    const isEntry = number > 0 && line.startsWith('{"entry":') && line.endsWith('}');
    const raw = isEntry ? line.slice('{"entry":'.length, -1) : undefined;
    const value = raw === undefined ? JSON.parse(line) : {};
    if (raw !== undefined) takeEntry(raw);
    else if (number === 0) {
      must(value.countersign_export === 1 && value.log === log, 'no export of this log');
      header = value;
    } else if (value.inclusion) {
      const root = rootFrom(unproven ?? fail('a proof of nothing'), entry.seq, header.size, value.inclusion);
      must(root === header.root, 'not in the tree');
      unproven = undefined;
    } else if (value.payload) takePayload(value.payload);
    else if (value.checkpoint) takeCheckpoint(value.checkpoint);
    else {
      must(value.end.size === header.size && value.end.root === header.root, 'another end');
      must(
        header.approval !== undefined || (tree.size() === header.size && tree.root() === header.root),
        'other entries',
      );
      must(header.approval === undefined || requested, 'about another approval');
      must(signed === header.size && unproven === undefined && world.due === undefined, 'not all is signed');
      must(keys.at(-1)?.vkey === header.vkey && keys.some((one) => one.vkey === vkey), 'another key');
      ended = true;
    }
  }

  const seq = (line: string | undefined): number => {
    if (!line?.startsWith('{"entry":')) return entry?.seq ?? 0;
    const named = /,"seq":(\d+),"ts":/.exec(line)?.[1];
    return header?.approval !== undefined && named !== undefined ? Number(named) : tree.size();
  };
  const lines = text.split('\n');
  for (const [number, line] of lines.slice(0, -1).entries()) {
    const at = seq(line);
    try {
      take(line, number);
    } catch (error) {
      const { message, seq: from = at } = error as Error & { seq?: number };
      return { ok: false, seq: from, reason: message };
    }
  }
  if (!ended || lines.at(-1) !== '') return { ok: false, seq: seq(undefined), reason: 'it was cut off' };
  return { ok: true, entries, dispatches: world.dispatches, root: header.root };
}
