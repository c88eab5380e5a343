import { checkArrows, checkCallDoor, checkCycles } from './arrows.ts';
import { checkIdentifiers, checkPathNames } from './names.ts';
import { parseSource, type Source, type Tree, type Violation } from './source.ts';
import { checkSql } from './sql.ts';
import { checkCatches, checkClock, checkForms } from './syntax.ts';
import { checkLength, checkPlans, checkTests } from './text.ts';

const GOVERNED = /^(?:src|test|bench)\//;
const TYPESCRIPT = /\.tsx?$/;

function checkSource(source: Source): Violation[] {
  const violations = [...checkCatches(source), ...checkPlans(source)];
  if (source.path.startsWith('test/')) return [...violations, ...checkTests(source)];
  violations.push(...checkForms(source), ...checkIdentifiers(source));
  if (source.path.startsWith('src/'))
    violations.push(...checkClock(source), ...checkSql(source), ...checkCallDoor(source));
  return violations;
}

/**
 * Holds every file of src/, test/ and bench/ against the rules of the house (CONVENTIONS.md).
 * Pure: the tree is an argument, so that a planted violation can be shown to be caught.
 */
export function checkArchitecture(tree: Tree): Violation[] {
  const governed = [...tree].filter(([path]) => GOVERNED.test(path));
  const sources = new Map(
    governed.filter(([path]) => TYPESCRIPT.test(path)).map(([path, text]) => [path, parseSource(path, text)]),
  );
  const code = new Map([...sources].filter(([path]) => path.startsWith('src/')));
  return [
    ...checkArrows(code),
    ...checkCycles(code),
    ...checkPathNames(governed.map(([path]) => path)),
    ...governed.flatMap(([path, text]) => checkLength(path, text)),
    ...[...sources.values()].flatMap(checkSource),
  ];
}
