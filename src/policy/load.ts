import { type FSWatcher, readdirSync, readFileSync, watch as watchDirectory } from 'node:fs';
import { join } from 'node:path';
import { CountersignError, errorText } from '../core/errors.ts';
import { checkArgs, type ToolSchema } from './args-schema.ts';
import { isPolicyFileName } from './check.ts';
import { type CompiledPolicy, compilePolicy, policyError } from './compile.ts';
import type { PolicyFile } from './document.ts';

/** Reads the files of a directory that `wanted` names, sorted by name. Throws `policy_invalid` when it cannot be read. */
export async function readPolicyDirectory(
  dir: string,
  wanted: (name: string) => boolean = isPolicyFileName,
): Promise<PolicyFile[]> {
  try {
    // A few small files are here sooner than the thread pool would say so, and a start waits for them.
    const entries = readdirSync(dir, { withFileTypes: true });
    const names = entries
      .filter((entry) => !entry.isDirectory() && wanted(entry.name))
      .map((entry) => entry.name);
    return names.sort().map((name) => ({ name, text: readFileSync(join(dir, name), 'utf8') }));
  } catch (cause) {
    const message = `The policy directory ${dir} cannot be read: ${errorText(cause)}. Create it with at least one *.yaml, or point --policies at the right place.`;
    throw new CountersignError('policy_invalid', message, { cause });
  }
}

function isSame(files: readonly PolicyFile[], { sources }: CompiledPolicy): boolean {
  return (
    files.length === sources.length &&
    sources.every(({ name, text }) => files.some((file) => file.name === name && file.text === text))
  );
}

/**
 * Loads a directory, all or nothing. Throws `policy_invalid` for a missing or empty directory, and for any problem in
 * any file. With `tools`, the arguments that conditions read are checked against their schemas. The files are always
 * read; when they are those of `known`, they are not compiled again.
 */
export async function loadPolicy(
  dir: string,
  tools: readonly ToolSchema[] = [],
  known?: CompiledPolicy,
): Promise<CompiledPolicy> {
  const files = await readPolicyDirectory(dir);
  if (files.length === 0) {
    const message = `The policy directory ${dir} holds no *.yaml. Without a policy nothing may be judged; copy the shipped policies/ there.`;
    throw new CountersignError('policy_invalid', message);
  }
  const policy = known !== undefined && isSame(files, known) ? known : compilePolicy(files);
  const problems = checkArgs(policy, tools);
  if (problems.length > 0) throw policyError(problems);
  return policy;
}

/** Runs `task` once, after `ms` in which it was not scheduled again. The timer must not keep the process alive. */
export type Debounce = (task: () => void, ms: number) => () => void;

export const timerDebounce: Debounce = (task, ms) => {
  const timer = setTimeout(task, ms);
  timer.unref();
  return () => clearTimeout(timer);
};

export interface PolicyStoreOptions {
  readonly dir: string;
  /** What the directory held a moment ago; it is compiled again only if it has changed since. */
  readonly known?: CompiledPolicy;
  /**
   * Called with each policy that differs from the one in force, before it is in force; while it is pending, the old
   * one judges. If it throws, the old one stays. The ledger entry `policy.loaded` is written here.
   */
  readonly onLoaded?: (policy: CompiledPolicy) => Promise<void> | void;
  /** Told why a reload was refused; the policy in force stays. */
  readonly onProblem?: (error: unknown) => void;
  /** The tools whose schemas type `args`; asked at each load. */
  readonly tools?: () => readonly ToolSchema[];
  /** Reload when a file of the directory changes. Default false. */
  readonly watch?: boolean;
  readonly debounce?: Debounce;
  readonly debounceMs?: number;
}

export interface PolicyStore {
  /** The policy in force. */
  current(): CompiledPolicy;
  /** Loads the directory again; true when another policy is in force now. Never throws: problems go to `onProblem`. */
  reload(): Promise<boolean>;
  close(): void;
}

/** Loads a directory and keeps its policy. Throws `policy_invalid` when the first load fails: there is no start without a policy. */
export async function createPolicyStore(options: PolicyStoreOptions): Promise<PolicyStore> {
  const { dir, onLoaded, onProblem, tools = () => [], debounce = timerDebounce, debounceMs = 200 } = options;
  let policy = await loadPolicy(dir, tools(), options.known);
  await onLoaded?.(policy);
  let queue: Promise<unknown> = Promise.resolve();
  let cancel: (() => void) | undefined;
  let watcher: FSWatcher | undefined;

  async function load(): Promise<boolean> {
    try {
      const next = await loadPolicy(dir, tools());
      if (next.version === policy.version) return false;
      await onLoaded?.(next);
      policy = next;
      return true;
    } catch (error) {
      onProblem?.(error);
      return false;
    }
  }
  function reload(): Promise<boolean> {
    const result = queue.then(load);
    queue = result;
    return result;
  }
  if (options.watch === true) {
    watcher = watchDirectory(dir, { persistent: false }, () => {
      cancel?.();
      cancel = debounce(() => void reload(), debounceMs);
    });
    watcher.on('error', (error) => onProblem?.(error));
  }
  return {
    current: () => policy,
    reload,
    close() {
      cancel?.();
      watcher?.close();
    },
  };
}
