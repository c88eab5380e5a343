/**
 * The loop of LangGraph, without the package: nodes that change a state, edges that choose the next one, a checkpoint
 * after every step, and `interrupt`, which ends the run until somebody resumes it from its checkpoint.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** Where an edge leads when there is nothing left to do. */
export const END = null;

/** What a node throws to stop here; the same node runs again when the graph is resumed. */
export function interrupt(value) {
  return Object.assign(new Error('interrupted'), { interrupt: value });
}

/** Runs from the checkpoint in `file`, or from the beginning. Gives `{ state }`, or `{ state, interrupted }`. */
export async function runGraph({ nodes, edges, start, input, file }) {
  const saved = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { at: start, state: input };
  let { at, state } = saved;
  while (at !== null) {
    try {
      state = { ...state, ...(await nodes[at](state)) };
    } catch (error) {
      if (error.interrupt === undefined) throw error;
      return { state, interrupted: error.interrupt };
    }
    at = edges[at](state);
    writeFileSync(file, JSON.stringify({ at, state }));
  }
  return { state };
}
