/** The value of an environment variable, or undefined when it is not set. */
export type Lookup = (variable: string) => string | undefined;

const REFERENCE = /\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/**
 * Replaces `${VAR}`, `${env:VAR}` and `${VAR:-default}` (the default also stands in for an empty value). Replaced text
 * is not expanded again. Calls `fail` with a sentence that names the variable when it is unset and has no default, or
 * when a reference has another form, such as VS Code's `${input:…}`.
 */
export function expandText(text: string, lookup: Lookup, fail: (problem: string) => never): string {
  const unknown = text.replaceAll(REFERENCE, '').match(/\$\{[^}]*\}?/);
  if (unknown !== null) {
    fail(`the reference ${unknown[0]} is not supported; use \${VAR}, \${env:VAR} or \${VAR:-default}`);
  }
  return text.replaceAll(REFERENCE, (_reference, variable: string, fallback: string | undefined) => {
    const value = lookup(variable);
    if (value === undefined && fallback === undefined) {
      return fail(
        `the environment variable ${variable} is not set; set it, or write \${${variable}:-default}`,
      );
    }
    return value === undefined || (value === '' && fallback !== undefined) ? (fallback ?? '') : value;
  });
}
