import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { systemClock } from '../../core/clock.ts';
import type { PolicyCheck } from '../../sdk/policies.ts';
import type { ReplayProgress, ReplayReport } from '../../sdk/recorded-calls.ts';
import type { Files, ReplayWindow } from './model/candidate.ts';
import { PERIOD_MS } from './model/overview-words.ts';
import type { Shell } from './shell.ts';

/** What is being done with files that are not in force, and what came of it. */
export interface Trial {
  readonly doing: 'check' | 'replay' | undefined;
  readonly check: PolicyCheck | undefined;
  readonly progress: ReplayProgress | undefined;
  readonly report: ReplayReport | undefined;
  readonly problem: { readonly title: string; readonly text: string } | undefined;
  /** Finds what is wrong with the files. Never rejects. */
  readonly judge: (files: Files) => Promise<void>;
  /** The same, and where nothing is, judges the calls of a time by them. Never rejects. */
  readonly replay: (files: Files, window: ReplayWindow) => Promise<void>;
  /** Stops what is being done and forgets what was found, which is about other files than those that are there now. */
  readonly forget: () => void;
}

type Found = Omit<Trial, 'judge' | 'replay' | 'forget'>;

const NOTHING: Found = {
  doing: undefined,
  check: undefined,
  progress: undefined,
  report: undefined,
  problem: undefined,
};

/** One trial at a time; the newest counts. It ends when the screen goes. */
export function useTrial(shell: Shell): Trial {
  const { policies } = shell.api.client;
  const found = useSignal<Found>(NOTHING);
  const running = useRef<AbortController | undefined>(undefined);
  const forget = () => {
    running.current?.abort();
    running.current = undefined;
    found.value = NOTHING;
  };
  useEffect(() => () => running.current?.abort(), []);

  async function run(
    title: string,
    act: (signal: AbortSignal, tell: (more: Partial<Found>) => void) => Promise<void>,
  ) {
    forget();
    const stop = new AbortController();
    const { signal } = stop;
    running.current = stop;
    // What was stopped has nothing more to tell.
    const tell = (more: Partial<Found>) => {
      if (!signal.aborted) found.value = { ...found.value, ...more };
    };
    try {
      await act(signal, tell);
    } catch (error) {
      tell({ problem: { title, text: shell.failed(error) } });
    }
    tell({ doing: undefined, progress: undefined });
  }

  const judge = (files: Files) =>
    run('The files could not be checked', async (signal, tell) => {
      tell({ doing: 'check' });
      tell({ check: await policies.check({ files: Object.fromEntries(files) }, { signal }) });
    });

  const replay = (files: Files, window: ReplayWindow) =>
    run('Past calls could not be judged', async (signal, tell) => {
      tell({ doing: 'replay' });
      const given = { files: Object.fromEntries(files) };
      const check = await policies.check(given, { signal });
      tell({ check });
      if (!check.ok) return;
      const since = new Date(systemClock() - PERIOD_MS[window]).toISOString();
      const onProgress = (progress: ReplayProgress) => tell({ progress });
      tell({ report: await policies.replay({ ...given, since }, { signal, onProgress }) });
    });

  return { ...found.value, judge, replay, forget };
}
