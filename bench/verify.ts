import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { finished, pipeline } from 'node:stream/promises';
import { approve, ask, decide, dispatch, settle } from '../test/evidence/support/approvals.ts';
import { enrol, mint } from '../test/evidence/support/cast.ts';
import { fixedDevice } from '../test/evidence/support/device.ts';
import { genesis } from '../test/evidence/support/good-log.ts';
import { createScribe, logKey } from '../test/evidence/support/scribe.ts';
import type { Figure } from './extras.ts';
import { residentMb } from './process-tree.ts';
import { ROOT, spawnNode } from './spawned.ts';

/** A round is these calls, two entries each, and two approvals of seven: asked, signed by a person, dispatched, settled. */
const CALLS_PER_ROUND = 43;
const SAMPLE_MS = 50;

/** Writes the export of a log of about `entries` entries, honest from the first to the last. */
async function writeLog(file: string, entries: number): Promise<number> {
  const scribe = createScribe();
  const out = createWriteStream(file);
  const flush = async (): Promise<void> => {
    const text = scribe.lines.splice(0).join('');
    if (!out.write(text)) await once(out, 'drain');
  };
  genesis(scribe);
  const ada = enrol(scribe, { id: 'per_ada', name: 'Ada', device: fixedDevice('ada', 'EdDSA') });
  const arguments_ = 'ab'.repeat(32);
  for (let round = 0; scribe.size() < entries; round++) {
    const session = mint(scribe, `ses_${round}`);
    for (let call = 0; call < CALLS_PER_ROUND; call++) {
      const ref = { session, subject: 'ann', call: `req_${round}_${call}`, action: 'bank/show' };
      scribe.append('call.intent', ref, { arguments: arguments_, policy: 'sha256:policy', rule: 'harmless' });
      scribe.append('call.outcome', ref, { kind: 'result', is_error: false, bytes: 200 });
    }
    for (const half of ['a', 'b']) {
      const asked = ask(scribe, { id: `apr_${round}_${half}`, session });
      decide(scribe, asked, ada);
      approve(scribe, asked);
      scribe.checkpoint();
      dispatch(scribe, asked);
      settle(scribe, asked);
    }
    await flush();
  }
  const body = scribe.export().split('\n');
  out.end(body.slice(1).join('\n'));
  await finished(out);
  await prepend(file, `${body[0]}\n`);
  return scribe.size();
}

/** Puts the first line, which is known last, before the others. */
async function prepend(file: string, head: string): Promise<void> {
  const whole = createWriteStream(`${file}.whole`);
  whole.write(head);
  await pipeline(createReadStream(file), whole);
  await rename(`${file}.whole`, file);
}

/** Runs the command as an auditor does, in a process of its own; fails when the export is not found good. */
async function verify(file: string): Promise<{ seconds: number; peakMb: number }> {
  const args = [
    join(ROOT, 'src/main.ts'),
    'logs',
    'verify',
    '--export',
    file,
    '--key',
    logKey().vkey,
    '--json',
  ];
  const began = performance.now();
  const { child, said } = spawnNode(args);
  child.stdout?.resume();
  let peakMb = 0;
  const sampling = setInterval(() => {
    if (child.pid !== undefined) peakMb = Math.max(peakMb, residentMb([child.pid]));
  }, SAMPLE_MS);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  clearInterval(sampling);
  if (code !== 0) throw new Error(`verifying ended with ${code}: ${said()}`);
  return { seconds: (performance.now() - began) / 1_000, peakMb };
}

/** Verifying an export of so many entries offline, one in fifty of them signed by a person. */
export async function measureVerify(folder: string, entries: number): Promise<Figure[]> {
  const file = join(folder, 'ledger.ndjson');
  const size = await writeLog(file, entries);
  const { seconds, peakMb } = await verify(file);
  const perSecond = size / seconds;
  return [
    {
      what: `verify an export of ${size.toLocaleString('en')} entries, entries per second`,
      value: perSecond,
      unit: '',
      must: Number.NaN,
    },
    { what: 'the same, 1,000,000 entries at that rate', value: 1_000_000 / perSecond, unit: 's', must: 300 },
    { what: 'the same, most memory of the process', value: peakMb, unit: 'MB', must: 400 },
  ];
}
