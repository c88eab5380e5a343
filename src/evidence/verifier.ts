import type { Entry } from '../ledger/entry.ts';
import type { WitnessVerifier } from '../ledger/witness/cosignature.ts';
import { applyEntry, type Refusal } from './apply.ts';
import { type Cosigned, createCheckpointCheck, type Doubt, readCheckpoint } from './checkpoints.ts';
import { commitmentsOf, type Payload, payloadProblem } from './payloads.ts';
import { readEntry } from './read-entry.ts';
import { bundledEntries, wholeTree } from './tree-check.ts';
import { emptyWorld, type Tally } from './world.ts';

/** The first thing that is wrong: at which entry, which rule of docs/ledger-format.md, and why. */
export interface Finding extends Refusal {
  readonly seq: number;
  /** The type of that entry, where one was read. */
  readonly type: string | undefined;
}

export interface VerifierOptions {
  /** The origin that every entry and checkpoint must name. */
  readonly log: string;
  /** The log's public key as the auditor got it, from elsewhere than the export. */
  readonly vkey: string;
  readonly witnesses: readonly WitnessVerifier[];
  /** An older checkpoint that the log must contain. */
  readonly older: string | undefined;
  /** Size, root and key in force that the export claims. */
  readonly claimed: { readonly size: number; readonly root: string; readonly vkey: string };
  /** Set when the export holds only what is about this approval. */
  readonly approval: string | undefined;
}

/** What was established, once nothing is wrong. */
export interface Established {
  readonly size: number;
  readonly root: string;
  readonly tally: Tally;
  /** Everyone who was ever enrolled by a link of the gateway itself: the auditor compares them by other means. */
  readonly anchors: readonly {
    readonly person: string;
    readonly name: string;
    readonly credentialId: string;
  }[];
  /** Who is enrolled at the end, with their credential ids. */
  readonly people: readonly {
    readonly person: string;
    readonly name: string;
    readonly invitedBy: string;
    readonly credentialIds: readonly string[];
  }[];
  readonly cosigned: readonly Cosigned[];
  /** Whether the older checkpoint was found in the log. */
  readonly olderFound: boolean;
  /** How many commitments there are whose text was not disclosed. */
  readonly undisclosed: number;
}

/**
 * Reads a log from its beginning, entry by entry, and keeps only what later entries are judged by. Each method returns
 * the first thing that is wrong, or undefined; after a finding nothing else may be asked of it.
 */
export interface Verifier {
  entry(text: string): Finding | undefined;
  /** The inclusion proof of the entry before it, in a bundle. */
  inclusion(proof: readonly Uint8Array[]): Finding | undefined;
  checkpoint(note: string): Finding | undefined;
  payload(payload: Payload): Finding | undefined;
  end(claimed: { size: number; root: string }): Finding | undefined;
  established(): Established;
}

export function createVerifier(options: VerifierOptions): Verifier {
  const { log, approval, claimed } = options;
  const bundle = approval !== undefined;
  const world = emptyWorld(log);
  const tree = bundle ? bundledEntries(claimed) : wholeTree();
  const checkpoints = createCheckpointCheck(log, options.witnesses);
  const older = options.older === undefined ? undefined : readCheckpoint(options.older);
  const disclosed = new Set<string>();
  const state = {
    entry: undefined as Entry | undefined,
    seq: 0,
    olderFound: false,
    commitments: 0,
    isRequested: false,
  };

  function found(rule: number, reason: string | undefined): Finding | undefined {
    return reason === undefined ? undefined : { seq: state.seq, type: state.entry?.type, rule, reason };
  }

  /** A root speaks of many entries; the finding is at the first that it puts in doubt. */
  function doubted({ reason, from }: Doubt): Finding {
    if (from === undefined) return { seq: state.seq, type: state.entry?.type, rule: 1, reason };
    return { seq: from, type: undefined, rule: 1, reason };
  }

  function placeProblem(entry: Entry, text: string, before: Entry | undefined): string | undefined {
    if (entry.log !== log) return `it belongs to another log than ${log}`;
    if (entry.ts < (before?.ts ?? 0)) return 'its time is before that of the entry before it';
    if ((entry.seq === 0) !== (before === undefined)) return 'the first entry is not ledger.genesis';
    if (before === undefined && entry.type !== 'ledger.genesis')
      return 'the first entry is not ledger.genesis';
    return tree.take(entry, text) ?? checkpoints.key(entry);
  }

  function olderProblem(): Finding | undefined {
    if (options.older === undefined || older?.size !== tree.size() || state.olderFound) return undefined;
    state.olderFound = true;
    const doubt = checkpoints.note(options.older, tree.head());
    return doubt && doubted({ ...doubt, reason: `the older checkpoint does not fit: ${doubt.reason}` });
  }

  function endProblem(end: { size: number; root: string }): string | undefined {
    const loose = tree.loose();
    if (loose !== undefined) return loose;
    const head = tree.head();
    if (state.entry === undefined) return 'the export holds no entry';
    if (bundle && !state.isRequested)
      return `it is said to be about ${approval}, and does not hold its request`;
    for (const claim of [claimed, end]) {
      if (claim.size !== head.size || claim.root !== head.root)
        return `the export says that it holds ${claim.size} entries, and it holds ${head.size} or other ones`;
    }
    const signed = checkpoints.newest();
    if (signed?.size !== head.size || signed.root !== head.root)
      return 'no checkpoint covers the last entries';
    if (checkpoints.current() !== claimed.vkey) return 'the export names another key than the one in force';
    if (!checkpoints.belongs(options.vkey)) return `${options.vkey} is not a key of this log`;
    const cosigners = checkpoints.cosigned().map((one) => one.witness);
    const silent = options.witnesses.find((witness) => !cosigners.includes(witness.name));
    if (silent !== undefined) return `no checkpoint is cosigned by ${silent.name}`;
    if (older !== undefined && older.size > head.size)
      return `the older checkpoint covers ${older.size} entries, and the export ${head.size}: entries are gone`;
    return options.older === undefined || state.olderFound
      ? undefined
      : 'the older checkpoint cannot be compared with a bundle of another size; use a whole export';
  }

  return {
    entry(text) {
      const read = readEntry(text);
      const before = state.entry;
      state.seq = before === undefined ? 0 : before.seq + 1;
      if (typeof read === 'string') {
        state.entry = undefined;
        return found(1, read);
      }
      if (bundle) state.seq = read.seq;
      state.entry = read;
      disclosed.clear();
      const reason = placeProblem(read, text, before);
      if (reason !== undefined) return found(1, reason);
      const refusal = applyEntry(world, read);
      if (refusal !== undefined) return found(refusal.rule, refusal.reason);
      state.commitments += commitmentsOf(read).length;
      state.isRequested ||= read.type === 'approval.requested' && read.ref.approval === approval;
      return bundle ? undefined : olderProblem();
    },
    inclusion: (proof) => found(1, tree.prove(proof)),
    checkpoint(note) {
      const doubt = checkpoints.note(note, tree.head());
      return doubt === undefined ? olderProblem() : doubted(doubt);
    },
    payload(payload) {
      if (state.entry === undefined) return found(10, 'a payload comes before the first entry');
      if (disclosed.has(payload.of)) return found(10, `its ${payload.of} is disclosed twice`);
      disclosed.add(payload.of);
      const refusal = payloadProblem(world, state.entry, payload);
      return refusal === undefined ? undefined : found(refusal.rule, refusal.reason);
    },
    end: (end) => found(world.due === undefined ? 1 : 6, dueAtEnd() ?? endProblem(end)),
    established: () => ({
      ...tree.head(),
      tally: { ...world.tally },
      anchors: [...world.anchors],
      people: [...world.people].map(([person, { name, invitedBy, passkeys }]) => ({
        person,
        name,
        invitedBy,
        credentialIds: [...passkeys.keys()],
      })),
      cosigned: checkpoints.cosigned(),
      olderFound: state.olderFound,
      undisclosed: state.commitments - world.tally.payloads,
    }),
  };

  function dueAtEnd(): string | undefined {
    const { due } = world;
    return due === undefined ? undefined : `${due.type} of ${due.approval} is missing after its dispatch`;
  }
}
