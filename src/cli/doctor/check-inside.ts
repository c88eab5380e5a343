import type { Approver } from '../../sdk/approvers.ts';
import type { Diagnostics } from '../../sdk/diagnostics.ts';
import type { Server } from '../../sdk/servers.ts';
import type { Witness } from '../../sdk/witnesses.ts';
import { type Finding, ok, problem, skipped, warning } from './finding.ts';

const SLOW_MS = 2_000;
const WITNESS_LATE_MS = 10 * 60_000;

type Timing = Diagnostics['servers'][number] | undefined;

function serverFinding(server: Server, timing: Timing): Finding {
  const check = `server ${server.name}`;
  const { state, era, tools, quarantined, refused } = server;
  if (state === 'stopped') return skipped(check, server.problem ?? 'stopped');
  if (state !== 'ready') {
    const why = server.problem ?? 'no reason was given';
    const login = /countersign server login [\w-]+/.exec(why)?.[0];
    return problem(
      check,
      `${state}: ${why}`,
      login ?? `See its definition in the config, and what it prints.`,
    );
  }
  const revision = era === 'modern' ? '2026-07-28' : 'a revision before 2026-07-28';
  const text = `${tools} tools, ${revision}${refused > 0 ? `; ${refused} refused` : ''}`;
  if (quarantined > 0) {
    const todo = `Review them: countersign server diff ${server.name}`;
    return warning(check, `${text}; ${quarantined} quarantined, which no agent can call`, todo);
  }
  const ms = timing?.listedInMs;
  if (ms === null || (ms !== undefined && ms > SLOW_MS)) {
    const took = ms === null ? 'longer than was waited' : `${(ms / 1_000).toFixed(1)} s`;
    return warning(
      check,
      `${text}; telling them took ${took}`,
      'Calls wait for that list now and then. See to the server.',
    );
  }
  return ok(check, text);
}

/** Each server behind the gateway. */
export function serverFindings(servers: readonly Server[], timings: Diagnostics['servers']): Finding[] {
  if (servers.length === 0)
    return [
      warning('servers', 'there are none', 'Name some under mcp_servers in the config, then start again.'),
    ];
  return servers.map((one) =>
    serverFinding(
      one,
      timings.find(({ name }) => name === one.name),
    ),
  );
}

/** Whether there is somebody to decide, and enough of them for every rule. */
export function approverFindings(
  approvers: readonly Approver[],
  decisions: Diagnostics['decisions'],
): Finding[] {
  const passkeys = approvers.flatMap((one) => one.passkeys);
  if (passkeys.length === 0) {
    const todo =
      'Open the enrol link that the start printed, or make another: countersign up --new-enrol-link';
    return [problem('approvers', 'nobody has a passkey, so nothing that is held can be approved', todo)];
  }
  const people = `${approvers.length} ${approvers.length === 1 ? 'person' : 'people'}`;
  const keys = `${passkeys.length} passkey${passkeys.length === 1 ? '' : 's'}`;
  const suspects = approvers.filter((one) => one.passkeys.some(({ suspectAt }) => suspectAt !== null));
  return [
    approvers.length === 1 && passkeys.length === 1
      ? warning(
          'approvers',
          `${people}, ${keys}`,
          'Add a second passkey: if this one is lost, nobody can approve.',
        )
      : ok('approvers', `${people}, ${keys}`),
    ...suspects.map(({ name }) =>
      warning(
        'approvers',
        `a passkey of ${name} may have been copied`,
        'Ask them, and have it removed in the dashboard.',
      ),
    ),
    ...decisions.flatMap((decision): Finding[] => quorumFinding(decision)),
  ];
}

function quorumFinding({
  rule,
  place,
  quorum,
  able,
  excludeRequester,
}: Diagnostics['decisions'][number]): Finding[] {
  const where = place === null ? 'what no rule matches' : `${place} (${rule})`;
  const text = `${where} takes ${quorum} to approve; ${able} can`;
  if (able < quorum)
    return [
      problem(
        'quorum',
        text,
        'Invite people of its groups, with passkeys that it accepts, or change the rule.',
      ),
    ];
  if (able === quorum && excludeRequester && quorum > 1) {
    const todo = 'A call of an agent of one of them could not be approved. Invite one more.';
    return [warning('quorum', text, todo)];
  }
  return [];
}

/** Whether the ledger's clock can go on, and who has cosigned it. */
export function ledgerFindings(
  input: Pick<Diagnostics, 'ledger' | 'now'> & { readonly witnesses: readonly Witness[] },
): Finding[] {
  const { ledger, now, witnesses } = input;
  const findings: Finding[] = [];
  const ahead = ledger.newestAt === null ? 0 : Date.parse(ledger.newestAt) - Date.parse(now);
  if (ahead > 0) {
    const text = `the newest entry is ${Math.ceil(ahead / 1_000)} s later than the gateway’s clock`;
    const todo = 'The clock was set back. What depends on time is refused until it has caught up.';
    findings.push(problem('ledger', text, todo));
  }
  if (witnesses.length === 0) {
    const todo = 'Whoever has the database could set it back unnoticed; see docs/witness.md';
    findings.push(warning('witness', 'nobody cosigns the ledger', todo));
  }
  for (const { name, size, cosignedAt, conflict, error } of witnesses) {
    const check = `witness ${name}`;
    const late = cosignedAt === null ? Number.POSITIVE_INFINITY : Date.parse(now) - Date.parse(cosignedAt);
    if (conflict !== null) {
      const todo = 'Keep a copy of the database and find out who changed it, before anything else.';
      findings.push(problem(check, `it has seen another ledger than this one (${conflict.kind})`, todo));
    } else if (size < ledger.size && late > WITNESS_LATE_MS) {
      const why = error === null ? '' : `: ${error.reason}`;
      const text = `has cosigned ${size} of ${ledger.size} entries${why}`;
      findings.push(warning(check, text, 'See to the witness, or to the way to it.'));
    } else findings.push(ok(check, `has cosigned ${size} of ${ledger.size} entries`));
  }
  return findings;
}
