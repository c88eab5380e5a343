import type { ESTree } from 'vite';
import { placeOf } from './places.ts';
import { type Source, type Violation, violation } from './source.ts';

const SQL = [
  /\bSELECT\b[\s\S]*\bFROM\b/,
  /\b(?:INSERT|REPLACE)\s+(?:OR\s+\w+\s+)?INTO\b/,
  /\bUPDATE\s+\w+\s+SET\b/,
  /\bDELETE\s+FROM\b/,
  /\b(?:CREATE|DROP|ALTER)\s+(?:UNIQUE\s+)?(?:TABLE|INDEX|TRIGGER|VIEW)\b/,
  /\bPRAGMA\s+\w+/,
  /^\s*(?:BEGIN|COMMIT|ROLLBACK|VACUUM)\b/,
  /^\s*select\s[\s\S]+\sfrom\s+\w+/,
  /^\s*insert\s+into\s+\w+/,
  /^\s*update\s+\w+\s+set\s/,
  /^\s*delete\s+from\s+\w+/,
];

/** SQL stands in src/storage/ and in files named store.ts, nowhere else. */
export function checkSql(source: Source): Violation[] {
  if (placeOf(source.path) === 'storage' || source.path.endsWith('/store.ts')) return [];
  const violations: Violation[] = [];
  const check = (at: ESTree.Node, text: string): void => {
    if (SQL.some((pattern) => pattern.test(text))) {
      violations.push(violation('sql', source, at, 'SQL belongs in store.ts or src/storage/'));
    }
  };
  source.visit({
    Literal(node) {
      if (typeof node.value === 'string') check(node, node.value);
    },
    TemplateLiteral(node) {
      check(node, node.quasis.map((quasi) => quasi.value.cooked ?? '').join(' x '));
    },
  });
  return violations;
}
