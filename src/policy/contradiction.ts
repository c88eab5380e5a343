import { mergeApprovals, unmeetable } from './approval-terms.ts';
import type { CompiledRule } from './combine.ts';
import type { PolicyProblem } from './document.ts';
import { isUnconditional } from './possible.ts';

/** True when every call of the one rule's first shared pattern is a call of the other, whatever else it holds. */
function alwaysMeet(one: CompiledRule, other: CompiledRule): boolean {
  const kinds = one.match.kinds.some((kind) => other.match.kinds.includes(kind));
  const tools = one.match.tools.some((pattern) => other.match.tools.includes(pattern));
  return kinds && tools && JSON.stringify(one.match.servers) === JSON.stringify(other.match.servers);
}

/**
 * Rules that always hold the same calls, but accept no passkey in common: nothing that they match could ever be
 * approved. What depends on a call's arguments or session is found when the call is judged, and is denied.
 */
export function contradictions(rules: readonly CompiledRule[]): PolicyProblem[] {
  const asking = rules.filter(
    (rule) =>
      rule.effect === 'hold' &&
      !rule.shadow &&
      isUnconditional(rule) &&
      Object.keys(rule.approval.authenticator).length > 0,
  );
  return asking.flatMap((rule, index) =>
    asking.slice(0, index).flatMap((earlier): PolicyProblem[] => {
      const member = unmeetable(mergeApprovals([earlier.approval, rule.approval]));
      if (member === undefined || !alwaysMeet(earlier, rule)) return [];
      const { file, line } = rule.place;
      const message = `rule ${rule.place.rule}: approval.authenticator.${member}: expected a value that rule ${earlier.place.rule} (${earlier.place.file}:${earlier.place.line}) accepts too; both hold the same calls, so no passkey could approve them`;
      return [{ file, line, column: 1, message }];
    }),
  );
}
