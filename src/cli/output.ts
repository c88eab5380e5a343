import type { CliDeps } from './ports.ts';
import { safeJson, table } from './terminal-text.ts';
import { toWireJson } from './wire-json.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

const CODES: Record<Style, readonly [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
};

/** Where a command's words go: data to stdout, everything else to stderr. */
export interface Output {
  readonly json: boolean;
  /** One line of data for people. Untrusted parts must have gone through `oneLine` or `facts`. */
  line(text?: string): void;
  lines(texts: readonly string[]): void;
  /** One JSON value on one line, in the names of the REST API. */
  value(value: unknown): void;
  /** JSON with `--json`, a table otherwise; an empty list is told on stderr. */
  list<T>(list: { readonly data: readonly T[]; readonly hasMore: boolean }, shape: TableShape<T>): void;
  /** A remark on stderr. */
  note(text: string): void;
  /** Replaces the line before on a terminal; off a terminal only changes are printed. An empty text clears it. */
  status(text: string): void;
  style(style: Style, text: string): string;
}

export interface TableShape<T> {
  readonly header: readonly string[];
  readonly row: (item: T) => readonly string[];
  readonly empty: string;
}

function wantsColour(deps: CliDeps): boolean {
  return deps.isTty.stdout && !deps.env.NO_COLOR && deps.env.TERM !== 'dumb';
}

export function createOutput(deps: CliDeps, json: boolean): Output {
  const colour = wantsColour(deps);
  const state = { status: '' };

  function clearStatus(): void {
    if (state.status !== '' && deps.isTty.stderr) deps.stderr.write('\r\u001b[K');
    state.status = '';
  }

  function print(text: string): void {
    clearStatus();
    deps.stdout.write(`${text}\n`);
  }

  const output: Output = {
    json,
    line: (text = '') => print(text),
    lines: (texts) => texts.forEach(print),
    value: (value) => print(safeJson(toWireJson(value))),
    list({ data, hasMore }, shape) {
      if (json) return output.value({ data, hasMore });
      if (data.length === 0) return output.note(shape.empty);
      const [header = '', ...rows] = table(shape.header, data.map(shape.row));
      output.lines([output.style('dim', header), ...rows]);
      if (hasMore) output.note(`There are more than these ${data.length}; ask for more with --limit.`);
    },
    note(text) {
      clearStatus();
      deps.stderr.write(`${text}\n`);
    },
    status(text) {
      if (text === state.status) return;
      if (deps.isTty.stderr) deps.stderr.write(`\r\u001b[K${text}`);
      else if (text !== '') deps.stderr.write(`${text}\n`);
      state.status = text;
    },
    style: (style, text) => (colour ? `\u001b[${CODES[style][0]}m${text}\u001b[${CODES[style][1]}m` : text),
  };
  return output;
}
