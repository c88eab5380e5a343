import type { Command } from 'commander';
import type { Cli } from '../../../src/cli/context.ts';
import type { CliDeps } from '../../../src/cli/ports.ts';
import { createProgram } from '../../../src/cli/program.ts';

/** The whole command line, in which every command does nothing. */
export function idleProgram(): { readonly program: Command; readonly written: string[] } {
  const written: string[] = [];
  const sink = { write: (text: string) => void written.push(text) };
  const deps = { version: '9.9.9', stdout: sink, stderr: sink, env: {}, now: () => 0 } as unknown as CliDeps;
  const cli: Cli = { deps, action: () => async () => undefined };
  return { program: createProgram(cli), written };
}

/** Words as a shell makes them of a line without expansions. */
export function words(line: string): string[] {
  const found = line.matchAll(/(?:"(?:\\.|[^"\\])*"|'[^']*'|[^\s'"])+/g);
  return [...found].map(([word]) =>
    word.replaceAll(/"((?:\\.|[^"\\])*)"|'([^']*)'/g, (_all, double, single) =>
      single === undefined ? String(double).replaceAll(/\\(.)/g, '$1') : single,
    ),
  );
}

/** What is wrong with a line that begins with `countersign`; undefined when it would be taken. */
export async function lineProblem(line: string): Promise<string | undefined> {
  const { program, written } = idleProgram();
  try {
    await program.parseAsync(words(line).slice(1), { from: 'user' });
    return undefined;
  } catch (error) {
    return `${line}: ${written.join('') || String(error)}`;
  }
}

/** The lines of a text that are commands: of shell blocks, after a prompt, or in backquotes. */
export function commandLines(text: string): string[] {
  const joined = text.replaceAll(/\\\n\s*/g, '');
  const spans = [...joined.matchAll(/`(countersign [^`]+)`/g)].map((match) => match[1] ?? '');
  const lines = [...joined.matchAll(/^\s*(?:\$ )?(?:[A-Z_]+=\S+ )?(countersign (?!is\b).+)$/gm)].map(
    (match) => match[1] ?? '',
  );
  return [...spans, ...lines].map((line) => line.replace(/\s+(?:#|[|>&;]|< ).*$| {2,}\S.*$/, '').trim());
}
