const OLDEST = [22, 19] as const;

/** What to tell a person whose Node is too old, or undefined when it is not. Uses no syntax that an old Node lacks. */
export function nodeProblem(version: string): string | undefined {
  const parts = version.split('.').map(Number);
  const major = parts[0] || 0;
  const minor = parts[1] || 0;
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return undefined;
  return (
    `Countersign needs Node ${OLDEST.join('.')} or newer, but this is Node ${version}.\n` +
    'In the repository run it through npm (npm start, npm run -s countersign -- …), which brings its own Node;\n' +
    'elsewhere install a newer Node from https://nodejs.org.'
  );
}
