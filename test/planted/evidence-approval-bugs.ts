import type { PlantedBug } from './bug.ts';

const DECISIONS = ['test/evidence/decision-rules.test.ts'];
const APPROVALS = ['test/evidence/approval-rules.test.ts'];
const DISPATCHES = ['test/evidence/dispatch-rules.test.ts'];

/** `[name, file of src, find, replace, tests]`. */
type Row = readonly [string, string, string, string, readonly string[]];

const ROWS: readonly Row[] = [
  [
    'a statement for another call serves',
    'evidence/decisions',
    'action: request.action,',
    "action: statement.action ?? '',",
    DECISIONS,
  ],
  [
    'a statement for another view serves',
    'evidence/decisions',
    'view: request.view,',
    "view: statement.view ?? '',",
    DECISIONS,
  ],
  [
    'a statement for another approval serves',
    'evidence/decisions',
    "approval: entry.ref.approval ?? '',",
    "approval: statement.approval ?? '',",
    DECISIONS,
  ],
  [
    'a denial serves as an approval',
    'evidence/decisions',
    'decision: entry.body.decision ?? null,',
    'decision: statement.decision ?? null,',
    DECISIONS,
  ],
  [
    'anybody decides whatever the groups',
    'evidence/decisions',
    'if (groups.size === 0 || approver',
    'if (true || approver',
    DECISIONS,
  ],
  [
    'escalations are due at once',
    'evidence/decisions',
    'now + SLACK_MS >= approval.requestedAt + step.afterMs',
    'now >= approval.requestedAt',
    DECISIONS,
  ],
  [
    'requesters approve their own',
    'evidence/decisions',
    'if (request.excludeRequester || breakGlass)',
    'if (false)',
    DECISIONS,
  ],
  [
    'the subject of a person as an actor writes it is not looked at',
    'evidence/decisions',
    '[subject, `user:',
    '[subject, `it:',
    DECISIONS,
  ],
  [
    'the subject of a person is not looked at',
    'evidence/decisions',
    '(subject === undefined ? []',
    "(subject !== '' ? []",
    DECISIONS,
  ],
  [
    'machines decide for people',
    'evidence/decisions',
    "if (approver.person === undefined && request.approver !== 'automation')",
    'if (false)',
    DECISIONS,
  ],
  [
    'a synced passkey passes as hardware',
    'evidence/decisions',
    '(terms.backupEligible === false || breakGlass) && backupEligible',
    'false',
    DECISIONS,
  ],
  [
    'attestation is not looked at',
    'evidence/decisions',
    '!attestation.includes(passkey.attestation)',
    'false',
    DECISIONS,
  ],
  [
    'anybody breaks the glass',
    'evidence/decisions',
    '!approver.groups.includes(BREAK_GLASS)',
    'false',
    DECISIONS,
  ],
  [
    'somebody decides twice',
    'evidence/decisions',
    "if (approval.decisions.has(entry.ref.principal ?? ''))",
    'if (false)',
    DECISIONS,
  ],
  ['a quorum of one is enough', 'evidence/approvals', 'Math.max(1, quorum)', '1', APPROVALS],
  [
    'a broken glass counts with the others',
    'evidence/approvals',
    "(one) => one.decision === 'approve' && one.breakGlass === breakGlass",
    "(one) => one.decision === 'approve' && (breakGlass || !one.breakGlass)",
    APPROVALS,
  ],
  [
    'a denied request is approved',
    'evidence/approvals',
    "if (one.decision === 'deny') return 'it was denied';",
    "if (one.decision === 'deny') break;",
    APPROVALS,
  ],
  [
    'policy allows what it held',
    'evidence/approvals',
    "effect === 'allow' && quorum === 0",
    'true',
    APPROVALS,
  ],
  [
    'an approval lasts as long as it likes',
    'evidence/approvals',
    'if (expiresAt > ts + approval.ttlSeconds * 1000 + SLACK_MS)',
    'if (false)',
    APPROVALS,
  ],
  [
    'dead sessions ask',
    'evidence/requests',
    "const session = world.sessions.get(requester.slice('session:'.length));",
    "const session = world.sessions.get(requester.slice('session:'.length)) ?? { endsAt: ts };",
    APPROVALS,
  ],
  [
    'revoking a session spares its children',
    'evidence/sessions',
    'for (const id of [ref.session, ...descendants])',
    'for (const id of [ref.session])',
    APPROVALS,
  ],
  [
    'a settled approval is remembered as open',
    'evidence/approvals',
    "if (state === 'succeeded' || state === 'failed') return end(world, entry);",
    "if (state === 'succeeded' || state === 'failed') {\n    approval.state = 'approved';\n    return undefined;\n  }",
    DISPATCHES,
  ],
];

/** Defects in how the verifier judges decisions and approvals. */
export const EVIDENCE_APPROVAL_BUGS: readonly PlantedBug[] = ROWS.map(
  ([name, file, find, replace, tests]) => ({
    name,
    file: `src/${file}.ts`,
    find,
    replace,
    tests,
  }),
);
