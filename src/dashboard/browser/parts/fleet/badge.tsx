const TONES: Readonly<Record<string, string>> = {
  active: 'good',
  ready: 'good',
  completed: 'good',
  working: 'busy',
  connecting: 'busy',
  waiting: 'wait',
  input_required: 'wait',
  quarantined: 'bad',
  down: 'bad',
  failed: 'bad',
  unknown: 'bad',
};

/** A state in one word; the word says it, the colour only helps. */
export function Badge({ state, words = state }: { state: string; words?: string }) {
  return <span class={`badge ${TONES[state] ?? 'over'}`}>{words}</span>;
}
