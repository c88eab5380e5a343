import { existsSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';
import { CountersignError } from '../../core/errors.ts';
import type { RandomBytes } from '../../core/ids.ts';
import { readSecretFile, writeSecretFile } from '../../core/secret-file.ts';
import { type NoteVerifier, parseVkey } from '../note.ts';
import { isKeyName } from '../note-key.ts';
import { type Judgement, judgeAddCheckpoint } from './add-checkpoint.ts';
import { type Cosigner, newCosignerKey, parseCosignerKey } from './cosignature.ts';
import { beginMemory, NEW_WITNESS, openMemory } from './memory.ts';

/** A witness's answer to a body of `add-checkpoint`. */
export interface WitnessAnswer {
  readonly judgement: Judgement;
  readonly type: string;
  readonly body: string;
}

/** Cosigns checkpoints of the logs that it was given, and never two that are inconsistent, restarts included. */
export interface Witness {
  readonly vkey: string;
  /** The origins of its logs. */
  readonly logs: readonly string[];
  /**
   * Judges, remembers and cosigns in one turn, so that no other request comes between. What is cosigned is on disk
   * before this returns. Throws when it could not be written or read; nothing was cosigned then.
   */
  answer(body: string): WitnessAnswer;
}

export interface WitnessOptions {
  /** Verifier keys of the logs, `<name>+<id>+<base64>`; the name is the log's origin. A log may have several. */
  readonly logs: readonly string[];
  readonly keyFile: string;
  readonly stateFile: string;
  /** The key's name, should it be made now. */
  readonly name: string;
  readonly now: Clock;
  readonly random: RandomBytes;
}

function refuse(problem: string): never {
  throw new CountersignError('config_invalid', problem);
}

function openKey({ keyFile, stateFile, name, random }: WitnessOptions): Cosigner {
  if (!existsSync(keyFile)) {
    if (!isKeyName(name)) refuse(`--name: expected no white space and no "+", but got "${name}"`);
    // The memory comes first: a key without one is a witness that has forgotten, and does not start.
    beginMemory(stateFile);
    writeSecretFile(keyFile, `${newCosignerKey({ name, random })}\n`);
  } else if (!existsSync(stateFile)) {
    refuse(
      `${stateFile}: what this witness has cosigned is gone, and without it a fork of a log could be cosigned. ` +
        `Put the file back if it was moved; otherwise retire the key in ${keyFile}: ${NEW_WITNESS}`,
    );
  }
  const cosigner = parseCosignerKey(readSecretFile(keyFile));
  if (cosigner !== undefined) return cosigner;
  return refuse(
    `${keyFile}: expected one line "PRIVATE+KEY+<name>+<id>+<base64>" with a key for cosigning; restore the file from a ` +
      'backup, or name a file that does not exist yet',
  );
}

function verifiersOf(vkeys: readonly string[]): Map<string, NoteVerifier[]> {
  const logs = new Map<string, NoteVerifier[]>();
  for (const vkey of vkeys) {
    const verifier = parseVkey(vkey);
    if (verifier === undefined) {
      return refuse(
        `--log: expected a log's verifier key such as localhost:8420/default+0a1b2c3d+AbCd…, but got "${vkey}"`,
      );
    }
    logs.set(verifier.name, [...(logs.get(verifier.name) ?? []), verifier]);
  }
  return logs;
}

function told(judgement: Exclude<Judgement, { status: 200 }>): WitnessAnswer {
  return judgement.status === 409
    ? { judgement, type: 'text/x.tlog.size', body: `${judgement.heldSize}\n` }
    : { judgement, type: 'text/plain; charset=utf-8', body: `${judgement.reason}\n` };
}

/**
 * Opens a witness as C2SP tlog-witness describes it, its key and its memory made on first use. Throws `config_invalid`
 * for a key that is malformed or that others can read, and for a key whose memory is gone. One process at a time may
 * have the memory.
 */
export function openWitness(options: WitnessOptions): Witness {
  const logs = verifiersOf(options.logs);
  const cosigner = openKey(options);
  const memory = openMemory(options.stateFile);
  return {
    vkey: cosigner.vkey,
    logs: [...logs.keys()],
    answer(body) {
      const judgement = judgeAddCheckpoint(body, { logs, held: memory.held });
      if (judgement.status !== 200) return told(judgement);
      const { checkpoint, text } = judgement;
      memory.remember(checkpoint.origin, checkpoint);
      const line = cosigner.cosign({ text, atMs: options.now() });
      return { judgement, type: 'text/plain; charset=utf-8', body: line };
    },
  };
}
