import { formatAddCheckpoint } from './add-checkpoint.ts';
import { type Cosignature, findCosignature, type WitnessVerifier } from './cosignature.ts';

/** Sends a text by POST. Rejects when nothing answers; never follows a redirection. */
export type Post = (request: { url: string; body: string; signal: AbortSignal }) => Promise<{
  readonly status: number;
  /** The media type as it was sent, or ''. */
  readonly type: string;
  readonly body: string;
}>;

/** What a witness said to a checkpoint, classified by the statuses of C2SP tlog-witness. */
export type WitnessReply =
  | { readonly kind: 'cosigned'; readonly cosignature: Cosignature }
  /** It holds a checkpoint of another size than we thought, and answers when it is asked with that. */
  | { readonly kind: 'holds'; readonly size: number }
  /** What we show is not an extension of what it holds. */
  | { readonly kind: 'inconsistent' }
  | { readonly kind: 'failed'; readonly reason: string };

export interface Question {
  /** The witness's submission prefix, without a trailing slash. */
  readonly url: string;
  readonly verifier: WitnessVerifier;
  /** What we believe that it holds. */
  readonly old: number;
  readonly proof: readonly Uint8Array[];
  readonly note: string;
  readonly signal: AbortSignal;
}

const REASON_CHARACTERS = 200;

const MEANING: Readonly<Record<number, string>> = {
  403: 'it does not have the key that signs this log (give it the verifier key of the log)',
  404: 'it does not know this log (give it the verifier key of the log), or the url is not its own',
};

/** What it wrote, made safe for one line of diagnostics. */
function saying(body: string): string {
  const text = body.replaceAll(/[^\x20-\x7e]+/g, ' ').trim();
  return text === '' ? '' : `: ${text.slice(0, REASON_CHARACTERS)}`;
}

function checkpointText(note: string): string {
  return note.slice(0, note.lastIndexOf('\n\n') + 1);
}

/** Asks a witness to cosign a checkpoint. Throws what `post` throws. */
export async function askWitness(post: Post, question: Question): Promise<WitnessReply> {
  const { url, verifier, old, proof, note, signal } = question;
  const body = formatAddCheckpoint({ old, proof, note });
  const answer = await post({ url: `${url}/add-checkpoint`, body, signal });
  if (answer.status === 200) {
    const found = findCosignature({ text: checkpointText(note), lines: answer.body }, verifier);
    if (typeof found !== 'string') return { kind: 'cosigned', cosignature: found };
    return { kind: 'failed', reason: `its answer holds no cosignature by ${verifier.name}: ${found}` };
  }
  if (answer.status === 422) return { kind: 'inconsistent' };
  if (answer.status === 409 && /^text\/x\.tlog\.size\s*(?:;|$)/i.test(answer.type)) {
    const size = /^(0|[1-9][0-9]{0,15})\n$/.test(answer.body) ? Number(answer.body) : Number.NaN;
    if (Number.isSafeInteger(size)) return { kind: 'holds', size };
  }
  const meaning = MEANING[answer.status] ?? 'an answer that tlog-witness does not know';
  return { kind: 'failed', reason: `it answered ${answer.status}, ${meaning}${saying(answer.body)}` };
}
