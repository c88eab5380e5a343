import { createInterface } from 'node:readline';
import { answerTo } from './corpus-answers.ts';

/** The corpus as a stdio server of the era that `argv[2]` names. */
const era = process.argv[2] === 'modern' ? 'modern' : 'legacy';

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const answer = answerTo(line, era);
    if (answer !== undefined) process.stdout.write(`${answer}\n`);
  })
  .on('close', () => process.exit(0));
