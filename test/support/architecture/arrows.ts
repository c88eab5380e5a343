import type { ESTree } from 'vite';
import { ARROWS, featureOf, type Place, PORTABLE, placeOf } from './places.ts';
import { type Import, type Source, type Violation, violation } from './source.ts';

const CALL_DOOR = 'src/gate/forward.ts';
const MCP_PACKAGES = '@modelcontextprotocol/';
const BROWSER_PACKAGES = ['preact', '@preact/signals', '@simplewebauthn/browser'];

type Sources = ReadonlyMap<string, Source>;

function found(rule: string, source: Source, edge: Import, detail: string): Violation {
  return { rule, path: source.path, line: edge.line, detail };
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

/** True when neither the file nor anything that it imports by value needs Node or a package. */
function isPortable(path: string, sources: Sources, seen: Set<string> = new Set()): boolean {
  if (seen.has(path)) return true;
  seen.add(path);
  const imports = sources.get(path)?.imports.filter((edge) => !edge.typeOnly) ?? [];
  return imports.every((edge) => edge.target !== undefined && isPortable(edge.target, sources, seen));
}

function checkArrow(source: Source, edge: Import & { target: string }, sources: Sources): Violation[] {
  const from = placeOf(source.path) as Place;
  const to = placeOf(edge.target);
  if (!edge.target.startsWith('src/')) {
    return /package\.json$/.test(edge.target)
      ? []
      : [found('arrow', source, edge, `${edge.target} is outside src/`)];
  }
  if (to === undefined) return [];
  if (to === 'feature' && from === 'feature') {
    const same = featureOf(source.path) === featureOf(edge.target);
    if (same || edge.typeOnly) return [];
    return [
      found('arrow', source, edge, `features import each other by \`import type\` only: ${edge.target}`),
    ];
  }
  if (from === to) return [];
  const arrows = ARROWS[from];
  const allowed = arrows.values.includes(to) || (edge.typeOnly && arrows.types.includes(to));
  if (!allowed) return [found('arrow', source, edge, `${from} must not import ${to}: ${edge.target}`)];
  if (PORTABLE.includes(from) && to === 'core' && !edge.typeOnly && !isPortable(edge.target, sources)) {
    return [found('arrow', source, edge, `${from} runs outside Node, ${edge.target} does not`)];
  }
  return [];
}

function checkPackage(source: Source, edge: Import): Violation[] {
  const place = placeOf(source.path) as Place;
  const name = packageOf(edge.specifier);
  const refuse = (why: string): Violation[] => [found('package', source, edge, `${edge.specifier}: ${why}`)];
  if (place === 'sdk') return refuse('the SDK has no dependencies, Node included');
  if (place === 'browser') {
    return BROWSER_PACKAGES.includes(name)
      ? []
      : refuse(`the browser may use ${BROWSER_PACKAGES.join(', ')}`);
  }
  if (BROWSER_PACKAGES.includes(name)) return refuse('only src/dashboard/browser/ may use it');
  if (name.startsWith(MCP_PACKAGES)) {
    const allowed = place === 'mcp' || place === 'demo' || featureOf(source.path) === 'downstream';
    return allowed ? [] : refuse('only src/mcp/, src/downstream/ and src/demo/ speak MCP');
  }
  if (['libsql', 'pg'].includes(name) && place !== 'storage')
    return refuse('only src/storage/ opens a database');
  return [];
}

/** The direction of imports and the places of packages. */
export function checkArrows(sources: Sources): Violation[] {
  const violations: Violation[] = [];
  for (const source of sources.values()) {
    if (!source.path.startsWith('src/')) continue;
    if (placeOf(source.path) === undefined) {
      violations.push({ rule: 'place', path: source.path, line: 1, detail: 'the house has no such place' });
      continue;
    }
    for (const edge of source.imports) {
      const { target } = edge;
      if (target === undefined) violations.push(...checkPackage(source, edge));
      else violations.push(...checkArrow(source, { ...edge, target }, sources));
    }
  }
  return violations;
}

/** Only gate/forward.ts sends to a downstream: replay and live calls leave by the same door. */
export function checkCallDoor(source: Source): Violation[] {
  if (featureOf(source.path) === 'downstream' || source.path === CALL_DOOR) return [];
  const violations: Violation[] = [];
  const refuse = (at: ESTree.Node): void => {
    violations.push(violation('call-door', source, at, `only ${CALL_DOOR} sends to a downstream`));
  };
  source.visit({
    MemberExpression(node) {
      const object = source.text.slice(node.object.start, node.object.end);
      const name = node.property.type === 'Identifier' ? node.property.name : '';
      if (name === 'request' && /downstreams?$/i.test(object)) refuse(node);
    },
    VariableDeclarator(node) {
      if (node.id.type !== 'ObjectPattern' || !node.init) return;
      const taken = source.text.slice(node.id.start, node.id.end);
      if (
        /\brequest\b/.test(taken) &&
        /downstreams?$/i.test(source.text.slice(node.init.start, node.init.end))
      )
        refuse(node);
    },
    ImportSpecifier(node) {
      if (node.imported.type === 'Identifier' && node.imported.name === 'DownstreamRequest') refuse(node);
    },
  });
  return violations;
}

/** Every import cycle, once, reported at its first file by name. Types count: a cycle of types is a cycle of thought. */
export function checkCycles(sources: Sources): Violation[] {
  const violations: Violation[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      const cycle = trail.slice(at);
      violations.push({
        rule: 'cycle',
        path: cycle.toSorted()[0] ?? path,
        line: 1,
        detail: [...cycle, path].join(' → '),
      });
      return;
    }
    if (done.has(path)) return;
    for (const edge of sources.get(path)?.imports ?? []) {
      if (edge.target !== undefined && sources.has(edge.target)) visit(edge.target, [...trail, path]);
    }
    done.add(path);
  };
  for (const path of sources.keys()) visit(path, []);
  return violations;
}
