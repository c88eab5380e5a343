const RISKS = ['critical', 'high', 'medium', 'low'];

const calls = (count: number): string => `${count} ${count === 1 ? 'call' : 'calls'}`;

/** What a reader is told of calls that have come: how many, the worst of them, and how many wait by now. */
export function newsWords(news: { readonly risks: readonly string[]; readonly waiting: number }): string {
  const [worst] = [...news.risks].sort((a, b) => RISKS.indexOf(a) - RISKS.indexOf(b));
  const came = `${calls(news.risks.length).replace(' ', ' new ')}`;
  const risk = news.risks.length === 1 ? `${worst} risk` : `the highest risk is ${worst}`;
  return `${came}, ${risk}. ${calls(news.waiting)} ${news.waiting === 1 ? 'waits' : 'wait'}.`;
}
