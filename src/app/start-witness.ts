import type { RunningWitness, WitnessStart } from '../cli/ports.ts';
import { systemClock } from '../core/clock.ts';
import { isCountersignError } from '../core/errors.ts';
import { systemRandomBytes } from '../core/ids.ts';
import { decodeUtf8 } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import { readBody } from '../http/body.ts';
import { type Handler, listen } from '../http/listen.ts';
import { openWitness, type Witness, type WitnessAnswer } from '../ledger/witness/open-witness.ts';
import type { AppEvent } from './options.ts';

const PATH = '/add-checkpoint';
const TEXT = 'text/plain; charset=utf-8';

interface Plain {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
  readonly headers?: Record<string, string>;
}

function eventOf({ judgement }: WitnessAnswer): AppEvent {
  if (judgement.status === 200) {
    const { origin, size } = judgement.checkpoint;
    return { event: 'cosigned', log: origin, size };
  }
  if (judgement.status === 409) {
    return { event: 'refused', status: 409, reason: `it holds a checkpoint of size ${judgement.heldSize}` };
  }
  return { event: 'refused', status: judgement.status, reason: judgement.reason };
}

async function answerTo(
  request: Parameters<Handler>[0],
  { witness, onEvent }: { witness: Witness; onEvent: WitnessStart['onEvent'] },
): Promise<Plain> {
  const path = (request.url ?? '/').split('?')[0];
  if (path !== PATH) return { status: 404, body: `A tlog-witness. It answers POST ${PATH}.\n` };
  if (request.method !== 'POST') return { status: 405, body: 'Use POST.\n', headers: { allow: 'POST' } };
  let body: string;
  try {
    body = decodeUtf8(await readBody(request, LIMITS.witnessRequestBytes));
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    const status = error.code === 'payload_too_large' ? 413 : 400;
    return { status, body: `${error.message}\n`, headers: { connection: 'close' } };
  }
  try {
    const answer = witness.answer(body);
    onEvent(eventOf(answer));
    return { status: answer.judgement.status, body: answer.body, type: answer.type };
  } catch (error) {
    onEvent({ event: 'failed', reason: error instanceof Error ? error.message : String(error) });
    return {
      status: 500,
      body: 'Nothing was cosigned. The operator of this witness finds why in its output.\n',
    };
  }
}

/**
 * Starts a witness and resolves once it answers. Throws `config_invalid` for a key, a memory or a port that it cannot
 * have.
 */
export async function startWitness(start: WitnessStart): Promise<RunningWitness> {
  const { onEvent, host, port, ...options } = start;
  const witness = openWitness({ ...options, now: systemClock, random: systemRandomBytes });
  const onError = (error: unknown): void =>
    onEvent({ event: 'failed', reason: error instanceof Error ? error.message : String(error) });
  const listener = await listen({ host, port, onError });
  listener.serve({
    // Whoever shows a checkpoint that a log has signed is answered, under whatever name this witness is known.
    allowed: 'everybody',
    handler: async (request, response) => {
      const { status, body, type = TEXT, headers = {} } = await answerTo(request, { witness, onEvent });
      if (response.destroyed) return;
      response.writeHead(status, {
        'content-type': type,
        'content-length': Buffer.byteLength(body),
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        ...headers,
      });
      response.end(body);
    },
  });
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${shown}:${listener.port}`,
    vkey: witness.vkey,
    logs: witness.logs,
    close: () => listener.close(LIMITS.shutdownGraceMs),
  };
}
