import { type CompiledPolicy, tryCompile } from '../../policy/compile.ts';
import {
  type HiddenArguments,
  hiddenBy,
  type RedactingRule,
  redactingRules,
} from '../../policy/hidden-arguments.ts';
import type { RecordedCall } from '../../policy/recorded-call.ts';
import { argumentPointers, tokensOf } from '../../policy/redact.ts';
import type { Reader } from '../../storage/database.ts';
import { policyFiles } from './store.ts';

const VERSIONS_KEPT = 100;

/** What policy redacts of recorded calls: that of now, and that which judged them. */
export interface HiddenReader {
  /** Must have been awaited for calls before `of` is asked about them. */
  learn(calls: readonly RecordedCall[]): Promise<void>;
  /** `all` where the policy that judged the call is no longer known. */
  of(call: RecordedCall): HiddenArguments;
}

interface HiddenDeps {
  readonly database: Reader;
  readonly workspace: string;
  readonly inForce: CompiledPolicy;
}

/** Reads the texts of each policy once, as long as there are not too many of them. */
export function createHiddenReader({ database, workspace, inForce }: HiddenDeps): HiddenReader {
  const now = redactingRules(inForce.rules);
  const versions = new Map<string, readonly RedactingRule[] | undefined>([[inForce.version, now]]);

  async function rulesOf(hash: string): Promise<readonly RedactingRule[] | undefined> {
    const files = await policyFiles(database, { workspace, hash });
    if (files === undefined) return undefined;
    const { policy } = tryCompile(Object.entries(files).map(([name, text]) => ({ name, text })));
    return policy && redactingRules(policy.rules);
  }

  return {
    async learn(calls) {
      const wanted = new Set(calls.map(({ found }) => found.policy));
      if (versions.size + wanted.size > VERSIONS_KEPT)
        for (const hash of versions.keys()) if (!wanted.has(hash)) versions.delete(hash);
      for (const hash of wanted) if (!versions.has(hash)) versions.set(hash, await rulesOf(hash));
    },
    of({ target, redact, found }) {
      const then = versions.get(found.policy);
      if (then === undefined) return 'all';
      const told = argumentPointers(redact).map(tokensOf);
      return [...hiddenBy(now, target), ...hiddenBy(then, target), ...told];
    },
  };
}
