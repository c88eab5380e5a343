import { createInterface } from 'node:readline';
import { answerOf } from './echo.ts';

/** The downstream over stdio: one message a line. */
createInterface({ input: process.stdin }).on('line', (line) => {
  const answer = answerOf(line, 0);
  if (answer !== undefined) process.stdout.write(`${answer}\n`);
});
