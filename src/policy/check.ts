import { checkArgs, type ToolSchema } from './args-schema.ts';
import { policyVersion, tryCompile } from './compile.ts';
import type { PolicyFile, PolicyProblem } from './document.ts';

/** What `policy check` tells. */
export interface PolicyCheck {
  readonly ok: boolean;
  readonly version: string;
  readonly problems: readonly PolicyProblem[];
}

/** True for a file that holds rules; `*_test.yaml` and everything that is not YAML stay apart. */
export function isPolicyFileName(name: string): boolean {
  return /\.ya?ml$/.test(name) && !isTestFileName(name);
}

/** True for a file that holds tests of rules. */
export function isTestFileName(name: string): boolean {
  return /_test\.ya?ml$/.test(name);
}

/** Checks files without putting them in force. With `tools`, the arguments that conditions read are checked too. Pure. */
export function checkPolicies(files: readonly PolicyFile[], tools: readonly ToolSchema[] = []): PolicyCheck {
  const own = files.filter((file) => isPolicyFileName(file.name));
  const { policy, problems } = tryCompile(own);
  const all = policy === undefined ? problems : checkArgs(policy, tools);
  return { ok: all.length === 0, version: policyVersion(own), problems: all };
}
