// Control, format, private-use and unassigned code points, lone surrogates, and the line separators.
const UNSAFE = /[\p{C}\u2028\u2029]/gu;
// What draws nothing, or draws like a space: tags, variation selectors, fillers, joiners and foreign spaces among it.
const HIDDEN = /[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800]|(?! )\p{Zs}/gu;
const HIDDEN_IN_JSON = new RegExp(`(?![\\n])(?:${HIDDEN.source})`, 'gu');

function shown(point: string): string {
  return `⟦U+${(point.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟧`;
}

/**
 * One line that a terminal shows as it is: what an agent or a server wrote cannot move the cursor, hide text or
 * reorder it (escape sequences, line breaks and bidirectional controls become visible).
 */
export function oneLine(text: string): string {
  return text.replace(UNSAFE, shown);
}

/** Like `oneLine`, but keeps line breaks and tabs. */
export function manyLines(text: string): string {
  return text.replace(UNSAFE, (point) => (point === '\n' || point === '\t' ? point : shown(point)));
}

/** The same JSON value as ASCII escapes wherever a terminal would not show the character. */
export function safeJson(value: unknown, options: { indent?: number } = {}): string {
  const text = JSON.stringify(value, null, options.indent) ?? 'null';
  return text.replace(HIDDEN_IN_JSON, (point) =>
    Array.from(
      { length: point.length },
      (_, at) => `\\u${point.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

/** How many characters of a text a reader cannot see, line breaks and tabs aside. */
export function countHidden(text: string): number {
  return [...text.matchAll(HIDDEN)].filter(([point]) => point !== '\n' && point !== '\t').length;
}

/** Code points that take no column or two are rare in this data; counting code points keeps columns straight. */
function width(text: string): number {
  return [...text].length;
}

/** Left-aligned columns two spaces apart, with a header. Nothing is cut off. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [header, ...rows].map((row) => row.map(oneLine));
  const widths = header.map((_title, column) => Math.max(...lines.map((row) => width(row[column] ?? ''))));
  return lines.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell)))
      .join('  ')
      .trimEnd(),
  );
}

/** `name   value` lines; a value of several lines is indented below its name. */
export function facts(
  pairs: readonly (readonly [name: string, value: string | null | undefined])[],
): string[] {
  const present = pairs.filter(
    (pair): pair is readonly [string, string] => pair[1] !== null && pair[1] !== undefined,
  );
  const column = Math.max(0, ...present.map(([name]) => width(name)));
  return present.flatMap(([name, value]) => {
    const lines = manyLines(value.trimEnd()).split('\n');
    if (lines.length === 1) return [`${name.padEnd(column)}  ${lines[0]}`];
    return [name, ...lines.map((line) => `    ${line}`)];
  });
}
