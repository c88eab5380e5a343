import { describe, expect, it } from 'vitest';
import { canonicalize } from '../../src/core/canonical.ts';
import { entryLine, headerLine } from '../../src/evidence/export-lines.ts';
import { verifyIndependently } from './independent/verify.ts';
import { ask } from './support/approvals.ts';
import { mint } from './support/cast.ts';
import { founders, genesis, goodLog, rotate } from './support/good-log.ts';
import { createScribe, LOG, logKey, type Scribe } from './support/scribe.ts';
import { bothAccept, bothRefuse, refusal } from './support/verify.ts';

const isEntry = (line: string): boolean => line.startsWith('{"entry":');

/** The export of the good log as lines, changed, and joined again. */
function changed(change: (lines: string[]) => void): string {
  const lines = goodLog().scribe.export().split('\n');
  change(lines);
  return lines.join('\n');
}

const indexOf = (lines: readonly string[], part: string): number =>
  lines.findIndex((line) => line.includes(part));

describe('a log that was changed is refused', () => {
  it('by an edited value, at the checkpoint that covers it', async () => {
    const text = changed((lines) => {
      const at = indexOf(lines, '"type":"call.denied"');
      lines[at] = (lines[at] ?? '').replace('"never"', '"sometimes"');
    });
    expect(await bothRefuse(text)).toContain(
      'entry 13 (undefined) by rule 1: entries 13 to 19 are not those that were signed',
    );
  });

  it('by an entry that is gone, doubled, or stands in another place', async () => {
    const gone = changed((lines) => void lines.splice(indexOf(lines, '"type":"key.created"'), 1));
    expect(await bothRefuse(gone)).toBe(
      'entry 3 (tool.pinned) by rule 1: entry 3 is missing; entry 4 comes in its place',
    );
    const doubled = changed((lines) => {
      const at = indexOf(lines, '"type":"key.created"');
      lines.splice(at, 0, lines[at] ?? '');
    });
    expect(await bothRefuse(doubled)).toContain('entry 4 is missing; entry 3 comes in its place');
    const swapped = changed((lines) => {
      const at = indexOf(lines, '"type":"key.created"');
      [lines[at], lines[at + 1]] = [lines[at + 1] ?? '', lines[at] ?? ''];
    });
    expect(await bothRefuse(swapped)).toContain('entry 3 is missing; entry 4 comes in its place');
  });

  it('by its end that was cut off, with and without a made-up last line', async () => {
    const cut = changed((lines) => void lines.splice(indexOf(lines, '"type":"key.revoked"')));
    expect(await bothRefuse(`${cut}\n`)).toContain(
      'by rule 11: the end line is missing: the file was cut off',
    );
    const inLine = goodLog().scribe.export().slice(0, -30);
    expect(await bothRefuse(inLine)).toContain('it does not end: the file was cut off');
    const madeUp = changed((lines) => void lines.splice(indexOf(lines, '"type":"key.revoked"'), 1));
    await bothRefuse(madeUp);
  });

  it('by a truncated log that says how long it is, since its end is not signed', async () => {
    const { scribe } = goodLog();
    const at = scribe.lines.findLastIndex(isEntry);
    const short = createScribe();
    short.lines.push(...scribe.lines.slice(0, at));
    const size = scribe.size() - 1;
    const root = 'ab'.repeat(32);
    const header = headerLine({
      log: LOG,
      vkey: logKey(9).vkey,
      size,
      root,
      exportedAt: 1,
      approval: undefined,
    });
    const end = `{"end":{"size":${size},"root":"${root}"}}\n`;
    await bothRefuse(header + short.lines.join('') + end);
  });

  it('by another history under the same key, once an older checkpoint is held against it', async () => {
    const { scribe } = goodLog();
    const older = scribe.checkpoint();
    const forged = createScribe();
    genesis(forged);
    for (let count = 0; count < 200; count++)
      forged.append('policy.loaded', {}, { version: 'x', rules: count });
    await bothAccept(forged);
    expect(await refusal(forged, { older })).toContain('the older checkpoint does not fit');
  });

  it('by a key that is not the auditor’s', async () => {
    const { scribe } = goodLog();
    const other = logKey(5).vkey;
    expect(await refusal(scribe, { vkey: other })).toContain(`${other} is not a key of this log`);
  });

  it('by time that goes back, another log, another version, or a type that there is not', async () => {
    const plant = (change: (entry: any) => void): Promise<string> => {
      const scribe = createScribe();
      genesis(scribe);
      const line = JSON.parse(scribe.lines.pop() ?? '').entry;
      change(line);
      scribe.lines.push(entryLine(canonicalize(line)));
      return bothRefuse(scribe);
    };
    expect(await plant((entry) => (entry.ts = 5))).toContain(
      'its time is before that of the entry before it',
    );
    expect(await plant((entry) => (entry.log = 'x/y'))).toContain('belongs to another log');
    expect(await plant((entry) => (entry.v = 2))).toContain('not an entry of version 1');
    expect(await plant((entry) => (entry.more = 2))).toContain('not an entry of version 1');
    expect(await plant((entry) => (entry.type = 'approval.waived'))).toContain(
      'no ledger of this format holds such a type',
    );
  });

  it('by a text that is not canonical, though it means the same', async () => {
    const text = changed((lines) => {
      lines[1] = (lines[1] ?? '').replace('{"body"', '{ "body"');
    });
    expect(await bothRefuse(text)).toContain('not in canonical form');
    const doubled = changed((lines) => {
      lines[1] = (lines[1] ?? '').replace('{"body"', '{"seq":0,"body"');
    });
    expect(await bothRefuse(doubled)).toContain('holds the same key twice');
  });

  it('by a second genesis, or a log without one', async () => {
    const scribe = createScribe();
    genesis(scribe);
    genesis(scribe);
    expect(await bothRefuse(scribe)).toContain('(ledger.genesis) by rule 1: a log has one genesis');
    const none = createScribe();
    none.append('policy.loaded', {}, {});
    expect(await bothRefuse(none)).toContain('the first entry is not ledger.genesis');
  });
});

describe('a checkpoint is refused', () => {
  it('with a wrong signature, of another size, or of another key', async () => {
    const spoil = (change: (note: string) => string): string =>
      changed((lines) => {
        const at = indexOf(lines, '{"checkpoint"');
        lines[at] = JSON.stringify({ checkpoint: change(JSON.parse(lines[at] ?? '').checkpoint) });
      });
    expect(await bothRefuse(spoil((note) => note.replace(/.{6}\n$/, 'AAAA==\n')))).toContain('by rule 1');
    expect(await bothRefuse(spoil((note) => note.replace(/\n\d+\n/, '\n3\n')))).toContain('is wrong');
    const other = spoil((note) => logKey(5).sign(note.slice(0, note.lastIndexOf('\n\n') + 1)));
    expect(await bothRefuse(other)).toContain('the note is not signed by');
    const moved = changed((lines) => {
      const at = indexOf(lines, '{"checkpoint"');
      const [line = ''] = lines.splice(at, 1);
      lines.splice(at + 1, 0, line);
    });
    expect(await bothRefuse(moved)).toContain('a checkpoint of size 7 stands after 8 entries');
  });

  it('when it is missing at the end', async () => {
    const text = changed((lines) => void lines.splice(-3, 1));
    expect(await bothRefuse(text)).toContain('no checkpoint covers the last entries');
  });
});

describe('the keys of the log', () => {
  function rotated(): Scribe {
    const scribe = createScribe();
    genesis(scribe);
    rotate(scribe);
    scribe.append('policy.loaded', {}, {});
    return scribe;
  }

  it('are handed over by a signature, and the old key alone signs nothing more', async () => {
    const scribe = rotated();
    await bothAccept(scribe);
    scribe.signer = logKey(9);
    await bothAccept(scribe);
    scribe.signer = logKey();
    expect(await bothRefuse(scribe)).toContain('the note is not signed by');
  });

  it('are not handed over by another key, nor back to an earlier one', async () => {
    const stolen = createScribe();
    genesis(stolen);
    const vkey = logKey(9).vkey;
    const signature = Buffer.from(logKey(5).signature(`countersign/rotate/v1\n${vkey}\n`)).toString('base64');
    const body = { vkey, previous: logKey().vkey, signature, overlap_until: 1 };
    stolen.append('ledger.key_rotated', {}, body);
    expect(await bothRefuse(stolen)).toContain('not signed by the key in force before it');
    const back = rotated();
    const home = logKey().vkey;
    const again = Buffer.from(logKey(9).signature(`countersign/rotate/v1\n${home}\n`)).toString('base64');
    back.append('ledger.key_rotated', {}, { vkey: home, previous: vkey, signature: again, overlap_until: 1 });
    expect(await bothRefuse(back)).toContain('its key was in force before');
  });
});

describe('a file is refused', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['that is empty', '', 'the file is empty'],
    ['that is something else', 'hello\n', 'line 1: it is not JSON'],
    ['that is JSON of something else', '{"hello":1}\n', 'none of the lines that an export has'],
    ['without its header', `${goodLog().scribe.lines[0]}`, 'line 1: it is not the header of an export'],
    ['of a version that is not known', '{"countersign_export":2}\n', 'not an export of version 1'],
  ];
  it.each(cases)('%s', async (_what, text, reason) => {
    expect(await refusal(text)).toContain(reason);
    expect(verifyIndependently(text, logKey().vkey).ok).toBe(false);
  });

  it('with two headers, two ends, another log, or another key than the one in force', async () => {
    const twice = changed((lines) => void lines.splice(1, 0, lines[0] ?? ''));
    expect(await refusal(twice)).toContain('line 2: it is a second header');
    const end = changed((lines) => void lines.splice(-1, 0, lines.at(-2) ?? ''));
    expect(await bothRefuse(end)).toContain('something follows the end');
    const key = changed((lines) => {
      lines[0] = (lines[0] ?? '').replace(logKey(9).vkey, logKey().vkey);
    });
    expect(await bothRefuse(key)).toContain('names another key than the one in force');
    const log = changed((lines) => {
      lines[0] = (lines[0] ?? '').replace('"log":"localhost/default"', '"log":"other/default"');
    });
    expect(await refusal(log)).toContain('it is of the log other/default');
    expect(verifyIndependently(log, logKey().vkey).ok).toBe(false);
  });
});

describe('what is disclosed is refused', () => {
  function disclosed(of: string, id: string, text: string): Scribe {
    const scribe = createScribe();
    genesis(scribe);
    founders(scribe);
    const asked = ask(scribe, { id: 'apr_1', session: mint(scribe, 'ses_1') });
    const secret = { ...asked.call, text };
    scribe.disclose({ id, of, secret });
    return scribe;
  }
  const call = '{"arguments":{"to":"apr_1"},"server":"bank","tool":"pay"}';

  it('when it is another text, under another id, for another member, or shown twice', async () => {
    await bothAccept(disclosed('action', 'apr_1', call));
    expect(await bothRefuse(disclosed('action', 'apr_1', `${call} `))).toContain(
      'by rule 10: what is disclosed as its action',
    );
    expect(await bothRefuse(disclosed('action', 'apr_2', call))).toContain('has another id');
    expect(await bothRefuse(disclosed('view', 'apr_1', call))).toContain('is not what it commits to');
    expect(await bothRefuse(disclosed('result', 'apr_1', call))).toContain('it commits to no result');
    const twice = disclosed('action', 'apr_1', call);
    twice.lines.push(twice.lines.at(-1) ?? '');
    expect(await bothRefuse(twice)).toContain('its action is disclosed twice');
  });

  it('and everything verifies without it', async () => {
    await bothAccept(
      changed(
        (lines) =>
          void lines.splice(0, lines.length, ...lines.filter((line) => !line.startsWith('{"payload"'))),
      ),
    );
  });
});
