import type { RandomBytes } from '../../core/ids.ts';
import { openText, sealText } from '../../core/seal.ts';
import type { KeyOwner } from './store.ts';

/** How answers are kept: they may hold secrets that are shown only once. `key` is 32 bytes, for this purpose alone. */
export interface AnswerSealing {
  readonly key: Uint8Array;
  readonly random: RandomBytes;
}

/** What is sent again. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Names a key among all callers. */
export function nameOf({ workspace, principal, key }: KeyOwner): string {
  return `countersign/idempotent-answer/v1\n${workspace}\n${principal}\n${key}`;
}

/** An answer as base64; it opens for the same key of the same caller alone. */
export function sealAnswer(sealing: AnswerSealing, owner: KeyOwner, answer: KeptAnswer): string {
  const text = JSON.stringify(answer);
  return sealText(sealing, { context: nameOf(owner), text }).toString('base64');
}

/** Undefined for what was not sealed for this key. */
export function openAnswer({ key }: AnswerSealing, owner: KeyOwner, sealed: string): KeptAnswer | undefined {
  const text = openText(key, { context: nameOf(owner), sealed: Buffer.from(sealed, 'base64') });
  return text === undefined ? undefined : (JSON.parse(text) as KeptAnswer);
}
