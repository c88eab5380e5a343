import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { RULES } from '../../src/evidence/rules.ts';
import { newCosignerKey, parseCosignerKey } from '../../src/ledger/witness/cosignature.ts';
import { verifyIndependently } from './independent/verify.ts';
import { goodLog } from './support/good-log.ts';
import { LOG, logKey } from './support/scribe.ts';
import { bothAccept, refusal, verifyText } from './support/verify.ts';

it('a log in which every kind of thing happens verifies, and says what was established', async () => {
  const { scribe, cast } = goodLog();
  const found = await verifyText(scribe.export());
  expect(found).toMatchObject({
    ok: true,
    header: { log: LOG, size: scribe.size(), approval: undefined },
    established: {
      size: scribe.size(),
      root: scribe.root(),
      tally: {
        entries: scribe.size(),
        requests: 10,
        decisions: 9,
        dispatches: 6,
        allowedByPolicy: 1,
        breakGlass: 2,
        liveCalls: 1,
        tokens: 2,
        payloads: 8,
        unknown: 0,
      },
      anchors: [{ person: cast.ada.ref, name: 'Ada', credentialId: cast.ada.device.credentialId }],
      cosigned: [],
      olderFound: false,
      undisclosed: 18,
    },
  });
  const people = found.ok ? found.established.people : [];
  expect(people.map(({ name, invitedBy }) => [name, invitedBy])).toEqual([
    ['Ada', 'bootstrap'],
    ['Bob', cast.ada.ref],
    ['Cléo ✓', cast.ada.ref],
  ]);
});

it('the fixture holds every type of entry that there is', () => {
  const types = new Set(
    goodLog().scribe.lines.flatMap((line) =>
      line.startsWith('{"entry":') ? [JSON.parse(line).entry.type] : [],
    ),
  );
  expect([...types].sort()).toEqual(Object.keys(RULES).sort());
});

it('a verifier that shares no code with ours comes to the same finding', () => {
  const { scribe } = goodLog();
  const answer = { ok: true, entries: scribe.size(), dispatches: 6, root: scribe.root() };
  expect(verifyIndependently(scribe.export(), logKey().vkey)).toEqual(answer);
  const folder = join(import.meta.dirname, 'independent');
  const sources = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  const imported = sources.flatMap((source) =>
    [...source.matchAll(/from '([^']+)'/g)].map((match) => match[1]),
  );
  expect(imported.filter((path) => path !== 'node:crypto' && !path?.startsWith('./'))).toEqual([]);
});

it('the pieces in which a file is read make no difference', async () => {
  const text = goodLog().scribe.export();
  const whole = await verifyText(text, { pieceBytes: text.length * 2 });
  for (const pieceBytes of [1, 7, 4_096, 65_537])
    expect(await verifyText(text, { pieceBytes })).toEqual(whole);
});

it('an auditor may hold any key of the log, an earlier one or that in force', async () => {
  const text = goodLog().scribe.export();
  for (const byte of [7, 9]) expect(await refusal(text, { vkey: logKey(byte).vkey })).toBe('');
});

it('an older checkpoint is found in the log, and one of another history is not', async () => {
  const { scribe } = goodLog();
  const older = scribe.lines.flatMap((line) =>
    line.startsWith('{"checkpoint"') ? [JSON.parse(line).checkpoint] : [],
  );
  for (const note of older) {
    const found = await verifyText(scribe.export(), { older: note });
    expect(found.ok && found.established.olderFound).toBe(true);
  }
  const other = goodLog().scribe;
  other.append('policy.loaded', {}, { version: 'sha256:other', rules: 0 });
  other.signer = logKey(9);
  const foreign = other.checkpoint();
  expect(await refusal(scribe, { older: foreign })).toContain('entries are gone');
  scribe.append('policy.loaded', {}, { version: 'sha256:this', rules: 0 });
  expect(await refusal(scribe, { older: foreign })).toMatch(
    /the older checkpoint does not fit: entries 75 to \d+ are not those that were signed/,
  );
});

it('a cosignature of a witness counts, a missing or wrong one does not', async () => {
  const witness = parseCosignerKey(
    newCosignerKey({ name: 'witness.example/w', random: (size) => new Uint8Array(size).fill(3) }),
  );
  if (witness === undefined) throw new Error('no witness');
  const options = { witnesses: [witness.vkey] };
  const { scribe } = goodLog();
  expect(await refusal(scribe, options)).toContain('no checkpoint is cosigned by witness.example/w');
  const cosign = (text: string, signed: string): string =>
    text.replace(/\{"checkpoint":("[^\n]*")\}\n(?=\{"end")/, (_line, note: string) => {
      const plain = JSON.parse(note) as string;
      const head = plain.slice(0, plain.lastIndexOf('\n\n') + 1);
      const line = witness.cosign({ text: signed || head, atMs: scribe.now });
      return `${JSON.stringify({ checkpoint: plain + line })}\n`;
    });
  const found = await verifyText(cosign(scribe.export(), ''), options);
  expect(found.ok && found.established.cosigned).toEqual([
    { witness: 'witness.example/w', size: scribe.size(), at: scribe.now },
  ]);
  expect(await refusal(cosign(scribe.export(), 'another\n1\nAAAA\n'), options)).toContain(
    'of its cosignatures',
  );
  await bothAccept(cosign(scribe.export(), ''));
});
