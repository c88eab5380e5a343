import { readdirSync, readFileSync } from 'node:fs';

/** The ids of a process and all its descendants (Linux; elsewhere the process alone). */
export function treeOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of listed('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const parent = /\) \S (\d+)/.exec(textOf(`/proc/${name}/stat`))?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const tree = [pid];
  for (const one of tree) {
    for (const [child, parent] of parents) if (parent === one) tree.push(child);
  }
  return tree;
}

function listed(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const TICK_US = 10_000;

/** Processor time that the processes have used so far, in microseconds; a resolution of 10 ms. */
export function cpuUs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const fields = textOf(`/proc/${pid}/stat`).split(') ')[1]?.split(' ') ?? [];
    return sum + (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_US;
  }, 0);
}

/** Resident memory of the processes together, in MB. */
export function residentMb(pids: readonly number[]): number {
  const kb = pids.reduce(
    (sum, pid) => sum + Number(/VmRSS:\s+(\d+)/.exec(textOf(`/proc/${pid}/status`))?.[1] ?? 0),
    0,
  );
  return kb / 1024;
}
