import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startApp } from '../../../src/app.ts';
import { errorText } from '../../../src/core/errors.ts';
import type { VerifyExportOptions } from '../../../src/evidence/verify-export.ts';
import { exportLedger } from '../../../src/evidence/write-export.ts';
import { openDataKey } from '../../../src/ledger/open-key.ts';
import { latestCheckpoint } from '../../../src/ledger/store.ts';
import { openLibsqlReader } from '../../../src/storage/libsql.ts';
import type { Approver } from '../../support/approver.ts';
import { readWitness } from '../../support/downstreams/oracle.ts';
import { personDecides } from '../../support/killable.ts';
import { refusal } from '../support/verify.ts';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const APPROVAL = 'urn:countersign:params:oauth:token-type:approval';

export interface Answer {
  readonly status: number;
  readonly body: any;
}

/** A gateway that runs on a copy. */
export interface Running {
  readonly origin: string;
  api(method: string, path: string, body?: unknown): Promise<Answer>;
  /** The approval once it has ended or is approved; waits up to 15 s. */
  settled(id: string): Promise<any>;
  approve(person: Approver, id: string): Promise<Answer>;
  exchange(key: string, id: string): Promise<Answer>;
  /** Its export, as an auditor gets it. */
  export(): Promise<string>;
  close(): Promise<void>;
}

/** A copy of a gateway's folder. */
export interface Copy {
  readonly dir: string;
  readonly dataDir: string;
  readonly database: string;
  /** What the downstream behind this copy received. */
  received(): string[];
  /** Starts on it, and stops with the test. */
  start(): Promise<Running>;
  /** What the start says when it refuses; empty when it starts. */
  startRefusal(): Promise<string>;
  /** The export of what is stored, up to the newest stored checkpoint. */
  export(): Promise<string>;
  /** What the offline verifier finds in an export; empty when it is good. */
  refusal(text: string, options?: Partial<VerifyExportOptions>): Promise<string>;
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

function runningAt(app: { origin: string; close(): Promise<void> }, apiKey: string): Running {
  const { origin } = app;
  const authorization = `Bearer ${apiKey}`;
  const api: Running['api'] = async (method, path, body) =>
    answerOf(
      await fetch(`${origin}${path}`, {
        method,
        headers: { authorization, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
  return {
    origin,
    api,
    settled: async (id) => (await api('GET', `/v1/approvals/${id}/wait?timeout_ms=15000`)).body,
    approve: (person, id) => personDecides({ origin, person }, { id, decision: 'approve' }),
    exchange: async (key, id) =>
      answerOf(
        await fetch(`${origin}/oauth/token`, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}` },
          body: new URLSearchParams({
            grant_type: EXCHANGE,
            subject_token: id,
            subject_token_type: APPROVAL,
          }),
        }),
      ),
    async export() {
      const response = await fetch(`${origin}/v1/logs/export?payloads=true`, { headers: { authorization } });
      return response.text();
    },
    close: () => app.close(),
  };
}

export function copyAt(dir: string, known: { apiKey: string; vkey: string }): Copy {
  const dataDir = join(dir, 'data');
  const database = join(dataDir, 'countersign.db');
  const start = () =>
    startApp({
      port: 0,
      dataDir,
      configFile: join(dir, 'countersign.json'),
      policiesDir: join(dir, 'policies'),
      newEnrolLink: false,
      env: { ...process.env, COUNTERSIGN_LOG_LEVEL: 'silent' },
    });
  return {
    dir,
    dataDir,
    database,
    received: () => readWitness(join(dir, 'received.jsonl')),
    async start() {
      const app = await start();
      onTestFinished(() => app.close());
      return runningAt(app, known.apiKey);
    },
    async startRefusal() {
      try {
        await (await start()).close();
        return '';
      } catch (error) {
        return errorText(error);
      }
    },
    async export() {
      const reader = openLibsqlReader(database);
      const note = (await latestCheckpoint(reader))?.note ?? '';
      const dataKey = openDataKey({ file: join(dataDir, 'payload.key'), random: () => new Uint8Array(32) });
      const lines = await exportLedger(
        {
          database: reader,
          workspace: 'default',
          checkpointNow: async () => note,
          vkey: known.vkey,
          dataKey,
          now: () => 0,
        },
        { payloads: true, approval: undefined },
      );
      let text = '';
      for await (const piece of lines) text += piece;
      reader.close();
      return text;
    },
    refusal: (text, options = {}) => refusal(text, { vkey: known.vkey, ...options }),
  };
}
