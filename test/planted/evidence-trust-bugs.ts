import type { PlantedBug } from './bug.ts';

const ASSERTION = ['test/principals/proof/assertion.test.ts', 'test/evidence/people-rules.test.ts'];
const PEOPLE = ['test/evidence/people-rules.test.ts'];
const DECISIONS = ['test/evidence/decision-rules.test.ts'];

/** `[name, file of src, find, replace, tests]`. */
type Row = readonly [string, string, string, string, readonly string[]];

const ROWS: readonly Row[] = [
  [
    'a signature is not checked',
    'principals/proof/assertion',
    'if (!signatureHolds(party.key, signed, signature))',
    'if (false)',
    ASSERTION,
  ],
  [
    'the challenge is not compared',
    'principals/proof/assertion',
    'if (data.challenge !== expected.challenge)',
    'if (false)',
    ASSERTION,
  ],
  [
    'any origin will do',
    'principals/proof/assertion',
    '!originBelongsTo(data.origin, expected.rpId)',
    'false',
    ASSERTION,
  ],
  [
    'an origin below another name will do',
    'principals/proof/assertion',
    `hostname.endsWith(\`.\${rpId}\`)`,
    'hostname.endsWith(rpId)',
    ASSERTION,
  ],
  [
    'the RP id is not compared',
    'principals/proof/assertion',
    'if (Buffer.compare(data.subarray(0, 32), sha256(rpId)) !== 0)',
    'if (false)',
    ASSERTION,
  ],
  [
    'user verification is not asked for',
    'principals/proof/assertion',
    'if ((flags & USER_VERIFIED) === 0)',
    'if (false)',
    ASSERTION,
  ],
  [
    'user presence is not asked for',
    'principals/proof/assertion',
    'if ((flags & USER_PRESENT) === 0)',
    'if (false)',
    ASSERTION,
  ],
  [
    'frames of other sites are let in',
    'principals/proof/assertion',
    'data.crossOrigin !== undefined && data.crossOrigin !== false',
    'false',
    ASSERTION,
  ],
  [
    'a registration passes as an assertion',
    'principals/proof/assertion',
    "if (data.type !== 'webauthn.get')",
    'if (false)',
    ASSERTION,
  ],
  [
    'statements may hold more than is known',
    'evidence/statements',
    'const stranger = Object.keys(statement).find((member) => !Object.hasOwn(expected, member));',
    'const stranger = undefined;',
    PEOPLE,
  ],
  [
    'a statement is used twice',
    'evidence/statements',
    'if (world.nonces.has(nonce))',
    'if (false)',
    DECISIONS,
  ],
  [
    'a statement never runs out',
    'evidence/statements',
    'if (ts > endsAt + SLACK_MS)',
    'if (false)',
    DECISIONS,
  ],
  [
    'the gateway invites whom it likes',
    'evidence/people',
    "if (world.everEnrolled) return 'the gateway invited",
    "if (false) return 'the gateway invited",
    PEOPLE,
  ],
  [
    'an invite needs no signature',
    'evidence/people',
    "const reason = actProblem(world, { ...entry, body, ref, ts }, { act: 'approver.invite', params });",
    'const reason = undefined as string | undefined; void params;',
    PEOPLE,
  ],
  [
    'an invite needs no secret',
    'evidence/people',
    "if (sha256Hex(textOf(body, 'invite_proof')) !== invite.token)",
    'if (false)',
    PEOPLE,
  ],
  ['enrolling may take other groups', 'evidence/people', '!sameTexts(groups, invite.groups) || ', '', PEOPLE],
  [
    'a removed inviter still vouches',
    'evidence/people',
    'return world.people.has(invite.by) ?',
    'return true ?',
    PEOPLE,
  ],
  [
    'one passkey serves two people',
    'evidence/people',
    'if (world.credentials.has(credentialId))',
    'if (false)',
    PEOPLE,
  ],
  [
    'a removed person stays',
    'evidence/people',
    'if (reason === undefined) world.people.delete(person);',
    '',
    DECISIONS,
  ],
  [
    'a removed passkey stays',
    'evidence/people',
    'if (reason === undefined) passkeys.delete(known.credentialId);',
    '',
    PEOPLE,
  ],
  [
    'anybody adds a passkey to anybody',
    'evidence/people',
    `if (entry.ref.principal !== \`person:\${id}\`) return 'a passkey`,
    "if (false) return 'a passkey",
    PEOPLE,
  ],
];

/** Defects in how the verifier judges people and their signatures. */
export const EVIDENCE_TRUST_BUGS: readonly PlantedBug[] = ROWS.map(([name, file, find, replace, tests]) => ({
  name,
  file: `src/${file}.ts`,
  find,
  replace,
  tests,
}));
