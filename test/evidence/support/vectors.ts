import { createHash } from 'node:crypto';
import { canonicalize } from '../../../src/core/canonical.ts';
import { commitment } from '../../../src/core/digest.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { leafHash, nodeHash } from '../../../src/ledger/tree.ts';
import { approve, ask, decide } from './approvals.ts';
import { enrol, mint } from './cast.ts';
import { genesis, goodLog } from './good-log.ts';
import { createScribe, logKey } from './scribe.ts';
import { TOKEN_KEY, takeUp } from './token.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The entries of these lines, each as its canonical text. */
function entriesOf(lines: readonly string[]): string[] {
  return lines.flatMap((line) => (line.startsWith('{"entry":') ? [line.slice('{"entry":'.length, -2)] : []));
}

const bodyOf = (text: string | undefined): any => JSON.parse(text ?? '').body;

function signed(body: { statement: string; proof: string }, publicKey: string): JsonObject {
  const challenge = createHash('sha256').update(`countersign/statement/v1\n${body.statement}`).digest();
  return {
    statement: body.statement,
    challenge_hex: challenge.toString('hex'),
    proof: body.proof,
    public_key: publicKey,
    client_data: Buffer.from(JSON.parse(body.proof).client_data_json, 'base64url').toString(),
  };
}

/** One example of each part of docs/ledger-format.md, byte for byte, by file name. */
export function makeVectors(): Readonly<Record<string, string>> {
  const scribe = createScribe();
  genesis(scribe);
  const ada = enrol(scribe, { id: 'per_ada', name: 'Ada' });
  const bob = enrol(scribe, { id: 'per_bob', name: 'Bob' }, ada);
  const asked = ask(scribe, { id: 'apr_1', session: mint(scribe, 'ses_1'), disclose: true });
  decide(scribe, asked, bob, { reason: 'seen' });
  approve(scribe, asked);
  const deploy = ask(scribe, { id: 'apr_2', disclose: true });
  decide(scribe, deploy, bob);
  approve(scribe, deploy);
  takeUp(scribe, deploy);
  const texts = entriesOf(scribe.lines);
  const [zero = '', one = ''] = texts;
  const salt = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
  const find = (type: string): string | undefined => texts.find((text) => text.includes(`"type":"${type}"`));
  const invited = texts.filter((text) => text.includes('"type":"approver.invited"')).at(-1);
  const inviteProof = bodyOf(find('approver.enrolled')).invite_proof as string;
  const token = JSON.parse(scribe.lines.at(-1) ?? '').payload.text as string;
  const parts: JsonObject = {
    canonical: {
      value: { z: [1, 1.5, -3, 1e21, true, null], a: 'é\n"\u{1f511}', '': {} },
      jcs: canonicalize({ z: [1, 1.5, -3, 1e21, true, null], a: 'é\n"\u{1f511}', '': {} }),
    },
    commitment: { salt_hex: hex(salt), text: '{"amount":5}', commitment: commitment(salt, '{"amount":5}') },
    leaf: { entry: zero, leaf_hex: hex(leafHash(zero)) },
    node: { left: zero, right: one, node_hex: hex(nodeHash({ left: leafHash(zero), right: leafHash(one) })) },
    root: { entries: texts.length, root_hex: scribe.root() },
    checkpoint: { note: scribe.checkpoint(), vkey: logKey().vkey, size: scribe.size() },
    invite: { invite_proof: inviteProof, token: sha256(inviteProof) },
    act: signed(bodyOf(invited), ada.device.publicKey),
    decision: signed(bodyOf(find('approval.decided')), bob.device.publicKey),
    capability_token: { jwk: { ...TOKEN_KEY.jwk }, jws: token, call: deploy.call.text },
  };
  return {
    'parts.json': `${JSON.stringify(parts, null, 2)}\n`,
    'small-export.ndjson': scribe.export(),
    'every-type-export.ndjson': goodLog().scribe.export(),
  };
}
