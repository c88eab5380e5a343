import { expect } from 'vitest';
import {
  type ExportVerification,
  type VerifyExportOptions,
  verifyExport,
} from '../../../src/evidence/verify-export.ts';
import { verifyIndependently } from '../independent/verify.ts';
import { logKey, type Scribe } from './scribe.ts';

async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Verifies the text of an export, in pieces that cut lines anywhere. */
export function verifyText(
  text: string,
  options: Partial<VerifyExportOptions> & { pieceBytes?: number } = {},
): Promise<ExportVerification> {
  const { pieceBytes = 4_000, ...rest } = options;
  return verifyExport(pieces(text, pieceBytes), { vkey: logKey().vkey, ...rest });
}

/** Why an export is refused, as `entry N (type) by rule R: reason`; an empty text for a good one. */
export async function refusal(
  written: Scribe | string,
  options: Partial<VerifyExportOptions> = {},
): Promise<string> {
  const found = await verifyText(typeof written === 'string' ? written : written.export(), options);
  if (found.ok) return '';
  const { seq, type, rule, reason } = found.finding;
  return `entry ${seq} (${type}) by rule ${rule}: ${reason}`;
}

/**
 * The same, once the verifier that shares no code with ours has refused it too: at the same entry, unless the order in
 * which they look at the members of one entry may tell them apart.
 */
export async function bothRefuse(written: Scribe | string, how = { sameEntry: true }): Promise<string> {
  const text = typeof written === 'string' ? written : written.export();
  const ours = await refusal(text);
  const theirs = verifyIndependently(text, logKey().vkey);
  const named = /^entry (\d+)/.exec(ours)?.[1];
  const seq = named === undefined || !how.sameEntry ? expect.any(Number) : Number(named);
  const expected = { ok: false, seq, reason: expect.any(String) };
  expect({ ours, theirs }).toEqual({ ours: expect.stringMatching(/^entry /), theirs: expected });
  return ours;
}

/** Both verifiers take it as good. */
export async function bothAccept(written: Scribe | string): Promise<void> {
  const text = typeof written === 'string' ? written : written.export();
  expect(await refusal(text)).toBe('');
  expect(verifyIndependently(text, logKey().vkey)).toMatchObject({ ok: true });
}
