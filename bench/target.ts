import type { ChildProcess } from 'node:child_process';
import { type Caller, openHttpCaller } from './caller.ts';

export type Downstream = 'http' | 'stdio' | 'sdk';

/** Something between an agent and the echo tool, or the echo tool itself. */
export interface Target {
  readonly name: string;
  readonly downstream: Downstream;
  readonly kind: 'direct' | 'hop' | 'gateway' | 'peer';
  readonly tool: string;
  /** The process in between; undefined where there is none. */
  readonly child: ChildProcess | undefined;
  /** Opens one agent; agents are opened once and used in every round. */
  open(): Promise<Caller>;
}

/** A target whose agents each speak to one URL. */
export function httpTarget(
  target: Omit<Target, 'open' | 'tool'> & {
    tool?: string;
    url: string;
    headers?: Readonly<Record<string, string>>;
  },
): Target {
  const { url, headers = {}, tool = 'echo', ...rest } = target;
  return { ...rest, tool, open: () => openHttpCaller(url, headers) };
}
