import type { Diagnostics } from '../../../sdk/diagnostics.ts';
import type { Witness } from '../../../sdk/witnesses.ts';
import { durationWords } from './time.ts';

const CLOCK_MS = 60_000;
const WITNESS_LATE_MS = 10 * 60_000;
const SLOW_MS = 2_000;

/** Something about the gateway that somebody should see to, and how. */
export interface Concern {
  readonly what: string;
  readonly todo: string;
}

function clockConcerns({ now, ledger }: Pick<Diagnostics, 'now' | 'ledger'>, here: number): Concern[] {
  const apart = Date.parse(now) - here;
  const ahead = ledger.newestAt === null ? 0 : Date.parse(ledger.newestAt) - Date.parse(now);
  return [
    ...(Math.abs(apart) > CLOCK_MS
      ? [
          {
            what: `The gateway’s clock is ${durationWords(Math.abs(apart))} ${apart > 0 ? 'ahead of' : 'behind'} this device’s.`,
            todo: 'Set the wrong one: times and countdowns are off on this page until then.',
          },
        ]
      : []),
    ...(ahead > 0
      ? [
          {
            what: `The newest entry of the log is ${durationWords(ahead)} later than the gateway’s clock.`,
            todo: 'The clock was set back. What depends on time is refused until it has caught up.',
          },
        ]
      : []),
  ];
}

function serverConcern({ name, listedInMs }: Diagnostics['servers'][number]): Concern[] {
  if (listedInMs === null)
    return [
      {
        what: `The server ${name} did not tell its tools.`,
        todo: 'It is not connected, or it took longer than was waited. Servers says which.',
      },
    ];
  if (listedInMs <= SLOW_MS) return [];
  return [
    {
      what: `The server ${name} took ${(listedInMs / 1_000).toFixed(1)} s to tell its tools.`,
      todo: 'Calls wait for that list now and then. See to the server.',
    },
  ];
}

function decisionConcern(decision: Diagnostics['decisions'][number]): Concern[] {
  const { rule, place, quorum, able, excludeRequester } = decision;
  const subject = place === null ? 'What no rule matches' : `What the rule ${rule} (${place}) holds`;
  if (able < quorum)
    return [
      {
        what: `${subject} takes ${quorum} to approve, and ${able} can: no such call can be approved.`,
        todo: 'Invite people of its groups, with passkeys that it accepts, or change the rule.',
      },
    ];
  if (able === quorum && excludeRequester && quorum > 1)
    return [
      {
        what: `${subject} takes ${quorum} to approve, and just as many can.`,
        todo: 'A call of an agent of one of them could not be approved. Invite one more.',
      },
    ];
  return [];
}

/** What of the gateway’s own report somebody should see to. `here` is this device’s clock. */
export function concernsOf(diagnostics: Diagnostics, here: number): Concern[] {
  return [
    ...clockConcerns(diagnostics, here),
    ...diagnostics.decisions.flatMap(decisionConcern),
    ...diagnostics.servers.flatMap(serverConcern),
  ];
}

/** How it stands with one witness. `size` is that of the log. */
export function witnessStanding(
  witness: Witness,
  { size, now }: { readonly size: number; readonly now: number },
): { readonly state: 'ready' | 'waiting' | 'failed'; readonly words: string; readonly sentence: string } {
  const { conflict, cosignedAt, error } = witness;
  if (conflict !== null) {
    const found =
      conflict.kind === 'rollback'
        ? `It has seen ${conflict.witnessSize} entries where the log had ${conflict.ownSize}: the log was set back.`
        : 'It has seen other entries than these: the log was rewritten.';
    return {
      state: 'failed',
      words: 'another log',
      sentence: `${found} Keep a copy of the database and find out who changed it, before anything else.`,
    };
  }
  const told = `It has cosigned ${witness.size} of ${size} entries.`;
  const lateMs = cosignedAt === null ? Number.POSITIVE_INFINITY : now - Date.parse(cosignedAt);
  if (witness.size < size && lateMs > WITNESS_LATE_MS) {
    const why = error === null ? '' : ` The last attempt: ${error.reason}.`;
    return { state: 'waiting', words: 'late', sentence: `${told}${why} See to it, or to the way to it.` };
  }
  return { state: 'ready', words: 'cosigns', sentence: told };
}
