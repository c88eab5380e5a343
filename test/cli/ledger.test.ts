import { describe, expect, onTestFinished, test } from 'vitest';
import { proofProblem } from '../../src/ledger/check-proof.ts';
import { formatCheckpoint } from '../../src/ledger/checkpoint.ts';
import { leafHash, nodeHash } from '../../src/ledger/tree.ts';
import { signerOf } from '../ledger/fixture.ts';
import { json, startFakeGateway } from '../sdk/fake-gateway.ts';
import { openTerminal } from './run-command.ts';

const signer = signerOf();
const entry = '{"body":{},"seq":1,"type":"key.created"}';
const [left, leaf] = [leafHash('first'), leafHash(entry)];
const root = Buffer.from(nodeHash({ left, right: leaf })).toString('hex');
const proofWire = {
  seq: 1,
  entry,
  leaf: Buffer.from(leaf).toString('base64'),
  size: 2,
  proof: [Buffer.from(left).toString('base64')],
  checkpoint: signer.sign(formatCheckpoint({ origin: signer.name, size: 2, root })),
};
const tools = { proofProblem: async (...given: Parameters<typeof proofProblem>) => proofProblem(...given) };

async function setUp() {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  const terminal = await openTerminal({ COUNTERSIGN_URL: gateway.origin, COUNTERSIGN_API_KEY: 'cs_k' });
  gateway.on('GET /v1/logs/proof', json(200, proofWire));
  return { gateway, ...terminal };
}

describe('logs proof', () => {
  test('prints entry, proof and checkpoint, and says that nothing is verified without a key', async () => {
    const { gateway, run } = await setUp();
    const { code, stdout, stderr } = await run('logs proof 1 --size 2');
    expect(code).toBe(0);
    expect(gateway.seen[0]?.query).toEqual({ seq: '1', size: '2' });
    expect(stdout).toContain(entry);
    expect(stdout).toContain(proofWire.proof[0]);
    expect(stdout).toContain('1 hashes in the tree of 2');
    expect(stderr).toMatch(/Nothing is verified yet.*--key/);
    const { json: parsed } = await run('logs proof 1 --json');
    expect(parsed()).toEqual([{ ...proofWire, verified: null, problem: null }]);
  });

  test('verifies by the given key, and ends with 7 under another key or over another entry', async () => {
    const { gateway, run } = await setUp();
    const good = await run(['logs', 'proof', '1', '--key', signer.vkey], tools);
    expect([good.code, good.stderr]).toEqual([
      0,
      expect.stringContaining('Verified: the log has signed entry 1'),
    ]);
    const other = await run(['logs', 'proof', '1', '--key', signerOf(signer.name, 9).vkey], tools);
    expect([other.code, other.stderr]).toEqual([7, expect.stringMatching(/NOT VERIFIED: .*not signed by/)]);
    const malformed = await run(['logs', 'proof', '1', '--key', 'x'], tools);
    expect([malformed.code, malformed.stderr]).toEqual([7, expect.stringMatching(/not a verifier key/)]);
    gateway.on('GET /v1/logs/proof', json(200, { ...proofWire, entry: entry.replace('1', '2') }));
    const changed = await run(['logs', 'proof', '1', '--key', signer.vkey, '--json'], tools);
    expect(changed.code).toBe(7);
    expect(changed.json()[0]).toMatchObject({
      verified: false,
      problem: expect.stringMatching(/does not lead/),
    });
  });

  test('names what is wrong with its arguments', async () => {
    const { run } = await setUp();
    const { code, stderr } = await run('logs proof first');
    expect([code, stderr]).toEqual([2, expect.stringMatching(/SEQ: expected a whole number/)]);
  });
});

describe('the proof of an entry, checked by itself', () => {
  const other = (change: Partial<typeof proofWire>): string | undefined =>
    proofProblem({ ...proofWire, ...change }, signer.vkey);

  test.each<[string, Partial<typeof proofWire>, RegExp]>([
    ['another place', { seq: 0 }, /does not lead/],
    ['another size', { size: 3 }, /checkpoint is of size 2, not 3/],
    ['a step too many', { proof: [...proofWire.proof, proofWire.leaf] }, /does not lead/],
    ['a step too few', { proof: [] }, /does not lead/],
    [
      'a note that was edited',
      { checkpoint: proofWire.checkpoint.replace('\n2\n', '\n3\n') },
      /signature .* is wrong/,
    ],
    [
      'a checkpoint of another log by the same key',
      { checkpoint: signer.sign(formatCheckpoint({ origin: 'localhost/other', size: 2, root })) },
      /another log/,
    ],
    ['a note that is no checkpoint', { checkpoint: signer.sign('words\n') }, /another log/],
  ])('is refused for %s', (_, change, reason) => {
    expect(proofProblem(proofWire, signer.vkey)).toBeUndefined();
    expect(other(change)).toMatch(reason);
  });
});

describe('ledger', () => {
  test('checkpoint prints the signed note as it is', async () => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/logs/checkpoint', (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).end(proofWire.checkpoint);
    });
    const { code, stdout } = await run('ledger checkpoint');
    expect([code, stdout]).toEqual([0, proofWire.checkpoint]);
    const { json: parsed } = await run('ledger checkpoint --json');
    expect(parsed()).toEqual([{ checkpoint: proofWire.checkpoint }]);
  });

  test('rotate-key sends the overlap and prints both keys', async () => {
    const { gateway, run } = await setUp();
    const rotated = { vkey: signer.vkey, previous: 'a+b+c', overlap_until: '2026-01-08T00:00:00.000Z' };
    gateway.on('POST /v1/ledger/rotate-key', json(200, rotated));
    const { code, stdout, stderr } = await run('ledger rotate-key --overlap 30d');
    expect(code).toBe(0);
    expect(stdout).toContain(signer.vkey);
    expect(stdout).toContain('2026-01-08');
    expect(stderr).toMatch(/Back up ledger\.key/);
    expect((await run('ledger rotate-key --json')).json()).toEqual([rotated]);
    expect(gateway.seen.map((one) => one.body)).toEqual([{ overlap_ms: 2_592_000_000 }, {}]);
  });

  test('rotate-key names an overlap that is none', async () => {
    const { run } = await setUp();
    const { code, stderr } = await run('ledger rotate-key --overlap soon');
    expect([code, stderr]).toEqual([2, expect.stringMatching(/--overlap: expected a duration/)]);
  });
});
