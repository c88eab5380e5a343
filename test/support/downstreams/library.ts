import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '../../../src/core/json.ts';

const PROGRAM = fileURLToPath(new URL('./library-main.ts', import.meta.url));

export interface LibrarySettings {
  readonly tools?: readonly JsonObject[];
  readonly resources?: readonly JsonObject[];
  readonly templates?: readonly JsonObject[];
  readonly prompts?: readonly JsonObject[];
  /** Raw result texts by tool, URI or prompt. */
  readonly answers?: Readonly<Record<string, string>>;
  /** Raw error texts by tool, URI or prompt. */
  readonly errors?: Readonly<Record<string, string>>;
  /** Whole messages that the tool `say` writes before it answers; TOKEN stands for the token of progress. */
  readonly said?: readonly string[];
}

/** A server of tools, resources and prompts that the test decides about. */
export interface Library {
  /** Its entry in `mcpServers`. */
  readonly entry: JsonObject;
  change(settings: LibrarySettings): void;
  /** Every message received so far, as text. */
  received(): string[];
  /** Those of one method. */
  requests(method: string): JsonObject[];
  remove(): void;
}

export function createLibrary(settings: LibrarySettings): Library {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-library-'));
  const file = join(dir, 'settings.json');
  const witness = join(dir, 'received.jsonl');
  const change = (next: LibrarySettings): void => writeFileSync(file, JSON.stringify(next));
  const received = (): string[] => {
    if (!existsSync(witness)) return [];
    const lines = readFileSync(witness, 'utf8').split('\n');
    return lines.filter((line) => line !== '');
  };
  change(settings);
  return {
    entry: { command: process.execPath, args: [PROGRAM, file, witness] },
    change,
    received,
    requests: (method) =>
      received()
        .map((line) => JSON.parse(line) as JsonObject)
        .filter((message) => message.method === method),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
