import type { ESTree } from 'vite';
import { placeOf } from './places.ts';
import { type Source, type Violation, violation } from './source.ts';

const RANDOM = ['randomUUID', 'randomBytes', 'randomInt', 'randomFill', 'randomFillSync', 'getRandomValues'];
const IMPURE_MEMBERS = [
  'Date.now',
  'Math.random',
  'performance.now',
  ...RANDOM.map((name) => `crypto.${name}`),
];
const COLLECTIONS = ['Map', 'Set', 'WeakMap', 'WeakSet'];

function nameOf(node: ESTree.Node | null | undefined): string {
  if (node?.type === 'Identifier') return node.name;
  if (node?.type === 'MemberExpression' && node.property.type === 'Identifier') {
    return `${nameOf(node.object)}.${node.property.name}`;
  }
  return '';
}

/** Time, ids and randomness come from core/ and arrive as arguments everywhere else. */
export function checkClock(source: Source): Violation[] {
  if (placeOf(source.path) === 'core') return [];
  const violations: Violation[] = [];
  const refuse = (at: ESTree.Node, what: string): void => {
    violations.push(violation('clock', source, at, `${what} belongs in src/core/; take it as an argument`));
  };
  source.visit({
    MemberExpression(node) {
      const name = nameOf(node).replace(/^(?:globalThis|window|self)\./, '');
      if (IMPURE_MEMBERS.includes(name)) refuse(node, name);
    },
    NewExpression(node) {
      if (nameOf(node.callee) === 'Date' && node.arguments.length === 0) refuse(node, 'new Date()');
    },
    CallExpression(node) {
      if (nameOf(node.callee) === 'Date') refuse(node, 'Date()');
    },
    ImportDeclaration(node) {
      if (!/^(?:node:)?crypto$/.test(node.source.value)) return;
      for (const one of node.specifiers) {
        if (one.type !== 'ImportSpecifier' || one.imported.type !== 'Identifier') continue;
        if (RANDOM.includes(one.imported.name)) refuse(one, one.imported.name);
      }
    },
  });
  return violations;
}

function statementOf(node: ESTree.Node): ESTree.Node {
  return node.type === 'ExportNamedDeclaration' && node.declaration ? node.declaration : node;
}

function checkModuleState(source: Source): Violation[] {
  const violations: Violation[] = [];
  for (const statement of source.program.body.map(statementOf)) {
    if (statement.type !== 'VariableDeclaration') continue;
    if (statement.kind === 'let' || statement.kind === 'var') {
      violations.push(violation('module-state', source, statement, `module-level \`${statement.kind}\``));
    }
    for (const { init } of statement.declarations) {
      if (
        init?.type === 'NewExpression' &&
        init.arguments.length === 0 &&
        COLLECTIONS.includes(nameOf(init.callee))
      ) {
        violations.push(
          violation('module-state', source, init, `a module-level ${nameOf(init.callee)} is a singleton`),
        );
      }
    }
  }
  return violations;
}

function checkExports(source: Source): Violation[] {
  const violations: Violation[] = [];
  const { body } = source.program;
  for (const statement of body) {
    if (statement.type === 'ExportDefaultDeclaration') {
      violations.push(violation('default-export', source, statement, 'name what is exported'));
    }
  }
  const reexports = body.filter(
    (node) => node.type === 'ExportAllDeclaration' || (node.type === 'ExportNamedDeclaration' && node.source),
  );
  const first = reexports[0];
  if (first && source.path !== 'src/index.ts') {
    const detail = reexports.length === body.length ? 'a barrel' : 're-exports what another file owns';
    violations.push(violation('barrel', source, first, `${detail}; import from the file itself`));
  }
  return violations;
}

/** Functions, not classes; no enums, module state, default exports or barrels. */
export function checkForms(source: Source): Violation[] {
  const violations = [...checkModuleState(source), ...checkExports(source)];
  const refuseClass = (node: ESTree.Class): void => {
    if (source.path === 'src/core/errors.ts' && node.id?.name === 'CountersignError') return;
    violations.push(violation('class', source, node, 'CountersignError is the only class; write functions'));
  };
  source.visit({
    ClassDeclaration: refuseClass,
    ClassExpression: refuseClass,
    TSEnumDeclaration(node) {
      violations.push(violation('enum', source, node, 'use a union of string literals'));
    },
  });
  return violations;
}

function isEmptyFunction(node: ESTree.Node | undefined): boolean {
  if (node?.type !== 'ArrowFunctionExpression' && node?.type !== 'FunctionExpression') return false;
  return node.body?.type === 'BlockStatement' && node.body.body.length === 0;
}

/** No failure is swallowed: neither by an empty `catch` block nor by an empty handler given to `.catch`. */
export function checkCatches(source: Source): Violation[] {
  const violations: Violation[] = [];
  source.visit({
    CatchClause(node) {
      if (node.body.body.length === 0)
        violations.push(violation('empty-catch', source, node, 'handle it, or say why not in code'));
    },
    CallExpression(node) {
      if (!nameOf(node.callee).endsWith('.catch') && !/\.catch$/.test(calleeText(source, node))) return;
      if (isEmptyFunction(node.arguments[0]))
        violations.push(violation('empty-catch', source, node, 'an empty handler'));
    },
  });
  return violations;
}

function calleeText(source: Source, node: ESTree.CallExpression): string {
  return source.text.slice(node.callee.start, node.callee.end);
}
