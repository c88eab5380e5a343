import { add, type Company, type Item, type Outcome, refused } from './company.ts';

/** What every research goes through, one after another. */
export const RESEARCH_STEPS = ['searching', 'reading', 'comparing', 'checking', 'writing'] as const;

/** How a research stands; it follows from when it was begun, so that it goes on while nobody looks. */
export interface ResearchStanding {
  readonly status: 'working' | 'done' | 'cancelled';
  readonly step: number;
  readonly steps: number;
  readonly doing: string;
}

/** Begins a research. Times are epoch milliseconds. */
export function startResearch(
  company: Company,
  { question, now }: { question: string; now: number },
): Outcome {
  return add(company, {
    collection: 'researches',
    prefix: 'rsc',
    fields: { question, started_ms: now, cancelled: false },
    text: ({ id }) => `Began the research ${id}. Ask research_status for it.`,
  });
}

function unknownResearch(id: string): Outcome {
  return refused(`There is no research ${id}. research_start begins one and says its id.`);
}

/** How it stands after so long, or a refusal when there is no such research. */
export function researchStanding(
  company: Company,
  input: { id: string; now: number; stepMs: number },
): { item: Item; standing: ResearchStanding } | Outcome {
  const item = company.researches.find(({ id }) => id === input.id);
  if (item === undefined) return unknownResearch(input.id);
  const steps = RESEARCH_STEPS.length;
  const passed = Math.floor((input.now - Number(item.started_ms)) / input.stepMs);
  const step = Math.max(0, Math.min(steps, passed));
  const status = item.cancelled === true ? 'cancelled' : step === steps ? 'done' : 'working';
  return { item, standing: { status, step, steps, doing: RESEARCH_STEPS[step] ?? '' } };
}

/** Ends a research early. */
export function cancelResearch(company: Company, id: string): Outcome {
  const found = company.researches.find((one) => one.id === id);
  if (found === undefined) return unknownResearch(id);
  const item = { ...found, cancelled: true };
  const researches = company.researches.map((one) => (one.id === id ? item : one));
  return { kind: 'done', company: { ...company, researches }, item, text: `Cancelled the research ${id}.` };
}
