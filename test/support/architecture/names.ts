import type { ESTree } from 'vite';
import { type Source, type Violation, violation } from './source.ts';

const VAGUE_PATHS = ['util', 'helper', 'manager', 'service', 'misc', 'common'];
const VAGUE_IDENTIFIERS = ['util', 'helper', 'manager', 'service'];
const MISUSED = new Map([
  ['upstream', 'downstream'],
  ['backend', 'downstream'],
  ['permission', 'scope or grant'],
]);

function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '')
    .map((word) => word.replace(/s$/, ''));
}

/** A name whose last word says nothing about what the thing is: `utils`, `session-manager`, `approvalService`. */
function endsIn(words: readonly string[], name: string): boolean {
  return words.includes(wordsOf(name).at(-1) ?? '');
}

/** Files and folders are named by what they hold. */
export function checkPathNames(paths: Iterable<string>): Violation[] {
  const violations: Violation[] = [];
  for (const path of paths) {
    const parts = path.split('/').map((part) => part.replace(/\..*$/, ''));
    const vague = parts.find((part) => endsIn(VAGUE_PATHS, part));
    if (vague !== undefined) {
      violations.push({ rule: 'name', path, line: 1, detail: `"${vague}" says nothing; name what it holds` });
    }
  }
  return violations;
}

/** Declared names: nothing vague, and each word in its one meaning. */
export function checkIdentifiers(source: Source): Violation[] {
  const violations: Violation[] = [];
  const check = (node: ESTree.Node | null | undefined): void => {
    if (node?.type === 'AssignmentPattern') check(node.left);
    if (node?.type === 'RestElement') check(node.argument);
    if (node?.type !== 'Identifier') return;
    if (endsIn(VAGUE_IDENTIFIERS, node.name))
      violations.push(violation('name', source, node, `"${node.name}" says nothing`));
    // Permissions-Policy is the platform's name of a header.
    const ours = node.name.replace(/permissions_?policy/i, '');
    for (const word of wordsOf(ours)) {
      const instead = MISUSED.get(word);
      if (instead !== undefined) {
        violations.push(violation('word', source, node, `"${node.name}": say ${instead}, not ${word}`));
      }
    }
  };
  const checkParams = (node: { params: readonly ESTree.ParamPattern[] }): void => node.params.forEach(check);
  source.visit({
    VariableDeclarator: (node) => check(node.id),
    FunctionDeclaration(node) {
      check(node.id);
      checkParams(node);
    },
    FunctionExpression: checkParams,
    ArrowFunctionExpression: checkParams,
    TSTypeAliasDeclaration: (node) => check(node.id),
    TSInterfaceDeclaration: (node) => check(node.id),
    TSPropertySignature: (node) => check(node.key),
  });
  return violations;
}
