import type { ESTree } from 'vite';
import { type Source, type Violation, violation } from './source.ts';

const MAX_LINES = 300;
const PLAN = /\b(?:TODO|FIXME|XXX|HACK)\b/;

/** No file over 300 lines, whatever its kind. */
export function checkLength(path: string, text: string): Violation[] {
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  return lines <= MAX_LINES
    ? []
    : [{ rule: 'length', path, line: MAX_LINES + 1, detail: `${lines} lines; split it` }];
}

/** Comments hold no plans. */
export function checkPlans(source: Source): Violation[] {
  return source.comments
    .filter((comment) => PLAN.test(comment.value))
    .map((comment) => violation('plan', source, comment, 'do it or leave it; comments hold no plans'));
}

function calledName(node: ESTree.Expression | ESTree.Super): string {
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'MemberExpression') return calledName(node.object);
  return node.type === 'CallExpression' ? calledName(node.callee) : '';
}

/** Test titles are sentences of behaviour, unique in their file; our own modules are never mocked. */
export function checkTests(source: Source): Violation[] {
  const violations: Violation[] = [];
  const seen = new Set<string>();
  source.visit({
    CallExpression(node) {
      const title = node.arguments[0];
      if (title?.type !== 'Literal' || typeof title.value !== 'string') return;
      if (
        source.text.slice(node.callee.start, node.callee.end) === 'vi.mock' &&
        title.value.startsWith('.')
      ) {
        violations.push(violation('mock', source, node, 'pass a fake that implements the port'));
      }
      if (!['test', 'it'].includes(calledName(node.callee))) return;
      // A title of a table is completed by its rows.
      if (node.callee.type === 'CallExpression') return;
      if (title.value.trim().split(/\s+/).length < 3) {
        violations.push(violation('title', source, title, `"${title.value}" is not a sentence of behaviour`));
      }
      if (seen.has(title.value))
        violations.push(violation('title', source, title, `"${title.value}" stands twice`));
      seen.add(title.value);
    },
  });
  return violations;
}
