import { errorText, isCountersignError } from '../core/errors.ts';
import { type CountersignApiError, isCountersignApiError } from '../sdk/api-error.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-code.ts';
import type { CliDeps } from './ports.ts';
import { manyLines, safeJson } from './terminal-text.ts';

const ADVICE: Readonly<Record<string, string>> = {
  network: 'Start it with "countersign up", or name another with --url.',
  unauthenticated: 'Give a key that is in force: COUNTERSIGN_API_KEY, COUNTERSIGN_API_KEY_FILE or --api-key.',
  forbidden: 'Use a key with another role; an operator makes one with "countersign key create".',
};

function apiLines(error: CountersignApiError): string[] {
  return [
    ...error.fields.map(({ field, expected }) => `  ${field}: expected ${expected}`),
    ...(ADVICE[error.code] === undefined ? [] : [`  ${ADVICE[error.code]}`]),
    ...(error.requestId === undefined ? [] : [`  request ${error.requestId}`]),
  ];
}

function problemJson(error: unknown): object {
  const code = isCountersignApiError(error) || isCountersignError(error) ? error.code : 'error';
  const fields = isCountersignApiError(error) || isCountersignError(error) ? error.fields : [];
  const requestId = isCountersignApiError(error) ? error.requestId : undefined;
  return { error: { code, detail: errorText(error), fields, request_id: requestId } };
}

/** Tells on stderr what went wrong and what to do, and returns the exit code for it. */
export function reportFailure(error: unknown, { deps, json }: { deps: CliDeps; json: boolean }): ExitCode {
  const aborted = error instanceof Error && error.name === 'AbortError';
  if (aborted) return EXIT.pending;
  if (json) {
    deps.stderr.write(`${safeJson(problemJson(error))}\n`);
  } else {
    const lines = [`error: ${errorText(error)}`, ...(isCountersignApiError(error) ? apiLines(error) : [])];
    deps.stderr.write(`${lines.map(manyLines).join('\n')}\n`);
  }
  return exitCodeOf(error);
}
