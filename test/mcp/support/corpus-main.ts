import { createInterface } from 'node:readline';
import { answersTo } from './corpus-answers.ts';

/** The corpus as a stdio server of the era that `argv[2]` names. */
const era = process.argv[2] === 'modern' ? 'modern' : 'legacy';

createInterface({ input: process.stdin })
  .on('line', (line) => {
    for (const answer of answersTo(line, era)) process.stdout.write(`${answer}\n`);
  })
  .on('close', () => process.exit(0));
