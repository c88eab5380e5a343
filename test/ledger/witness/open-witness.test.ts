import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  findCosignature,
  parseWitnessVkey,
  type WitnessVerifier,
} from '../../../src/ledger/witness/cosignature.ts';
import { openWitness, type Witness, type WitnessOptions } from '../../../src/ledger/witness/open-witness.ts';
import { START_MS, signerOf, temporaryFolder } from '../fixture.ts';
import { testLog } from './logs.ts';

const a = testLog();
const b = testLog({ origin: 'log.example/b' });

function optionsIn(folder: string, more: Partial<WitnessOptions> = {}): WitnessOptions {
  return {
    logs: [a.vkey, b.vkey],
    keyFile: join(folder, 'witness.key'),
    stateFile: join(folder, 'state', 'witness.json'),
    name: 'witness.example/w1',
    now: () => START_MS,
    random: (size) => new Uint8Array(size).fill(5),
    ...more,
  };
}

function answer(witness: Witness, body: string): { status: number; type: string; body: string } {
  const { judgement, ...rest } = witness.answer(body);
  return { status: judgement.status, ...rest };
}

function refusal(options: WitnessOptions): string {
  try {
    openWitness(options);
  } catch (error) {
    expect(error).toMatchObject({ code: 'config_invalid' });
    return (error as Error).message;
  }
  throw new Error('was not refused');
}

describe('a witness', () => {
  it('answers what extends all that it has seen with its cosignature', () => {
    const witness = openWitness(optionsIn(temporaryFolder()));
    const verifier = parseWitnessVkey(witness.vkey) as WitnessVerifier;
    for (const [old, size] of [
      [0, 3],
      [3, 3],
      [3, 20],
    ] as const) {
      const given = answer(witness, a.body(old, size));
      expect(given).toMatchObject({ status: 200, type: 'text/plain; charset=utf-8' });
      const note = a.note(size);
      const text = note.slice(0, note.indexOf('\n\n') + 1);
      expect(findCosignature({ text, lines: given.body }, verifier)).toMatchObject({ cosignedAt: START_MS });
    }
  });

  it('answers a wrong old size with the one that it holds, as the specification has it', () => {
    const witness = openWitness(optionsIn(temporaryFolder()));
    answer(witness, a.body(0, 12));
    expect(answer(witness, a.body(3, 20))).toEqual({ status: 409, type: 'text/x.tlog.size', body: '12\n' });
  });

  it('keeps its logs apart', () => {
    const witness = openWitness(optionsIn(temporaryFolder()));
    expect(answer(witness, a.body(0, 12)).status).toBe(200);
    expect(answer(witness, b.body(0, 7)).status).toBe(200);
    expect(answer(witness, a.body(12, 13)).status).toBe(200);
    expect(answer(witness, b.body(7, 9)).status).toBe(200);
    expect(witness.logs).toEqual([a.origin, b.origin]);
  });

  it('remembers over a restart what it cosigned, and refuses the fork that it would have taken afresh', () => {
    const options = optionsIn(temporaryFolder());
    answer(openWitness(options), a.body(0, 12));
    const again = openWitness(options);
    const fork = testLog({ fork: 5 });
    expect(answer(again, fork.body(0, 20))).toMatchObject({ status: 409, body: '12\n' });
    expect(answer(again, fork.body(12, 20)).status).toBe(422);
    expect(answer(again, fork.body(12, 12)).status).toBe(422);
    expect(answer(again, a.body(12, 20)).status).toBe(200);
  });

  it('has each checkpoint on disk before it answers, and answers nothing when it cannot write', () => {
    const options = optionsIn(temporaryFolder());
    const witness = openWitness(options);
    answer(witness, a.body(0, 12));
    const held = { size: 12, root: a.root(12) };
    expect(JSON.parse(readFileSync(options.stateFile, 'utf8')).logs).toEqual({ [a.origin]: held });
    rmSync(join(options.stateFile, '..'), { recursive: true });
    writeFileSync(join(options.stateFile, '..'), 'in the way of the folder');
    expect(() => answer(witness, a.body(12, 20))).toThrow(/cannot be read/);
  });

  it('sees what another process with the same memory has cosigned', () => {
    const options = optionsIn(temporaryFolder());
    const [first, second] = [openWitness(options), openWitness(options)];
    expect(answer(first, a.body(0, 12)).status).toBe(200);
    expect(answer(second, testLog({ fork: 5 }).body(0, 20))).toMatchObject({ status: 409, body: '12\n' });
  });

  it('makes a key that only its owner can read, and finds it again under the name that it was made with', () => {
    const options = optionsIn(temporaryFolder());
    const { vkey } = openWitness(options);
    expect(vkey).toMatch(/^witness\.example\/w1\+[0-9a-f]{8}\+B/);
    expect(statSync(options.keyFile).mode & 0o777).toBe(0o600);
    expect(statSync(options.stateFile).mode & 0o777).toBe(0o600);
    expect(openWitness({ ...options, name: 'another' }).vkey).toBe(vkey);
  });
});

describe('a witness does not start', () => {
  it('when it has a key but no memory, for it could then cosign a fork', () => {
    const options = optionsIn(temporaryFolder());
    openWitness(options);
    rmSync(options.stateFile);
    expect(refusal(options)).toMatch(/witness\.json: .*is gone.*fork.*retire the key in .*another --key/);
    expect(existsSync(options.stateFile)).toBe(false);
  });

  it.each([
    ['no JSON', 'x'],
    ['half of it', '{"v":1,"logs":{"log.example/a":{"size":12'],
    ['another version', '{"v":2,"logs":{}}'],
    ['a size that is none', '{"v":1,"logs":{"log.example/a":{"size":-1,"root":"00"}}}'],
  ])('when its memory is %s', (_, text) => {
    const options = optionsIn(temporaryFolder());
    openWitness(options);
    writeFileSync(options.stateFile, text);
    expect(refusal(options)).toContain(options.stateFile);
  });

  it("when others can read its key, or when the key is a log's", () => {
    const options = optionsIn(temporaryFolder());
    openWitness(options);
    chmodSync(options.keyFile, 0o644);
    expect(refusal(options)).toContain(`chmod 600 ${options.keyFile}`);
    writeFileSync(options.keyFile, 'PRIVATE+KEY+a+b+c\n');
    chmodSync(options.keyFile, 0o600);
    expect(refusal(options)).toMatch(/witness\.key: expected one line "PRIVATE\+KEY/);
  });

  it('for a log whose key it cannot read, or under a name that no key can have', () => {
    const folder = temporaryFolder();
    const witnessKey = openWitness(optionsIn(folder)).vkey;
    expect(refusal(optionsIn(folder, { logs: [witnessKey] }))).toMatch(
      /--log: expected a log's verifier key/,
    );
    const fresh = optionsIn(temporaryFolder(), { name: 'my witness', logs: [signerOf().vkey] });
    expect(refusal(fresh)).toMatch(/--name: .*"my witness"/);
  });
});
