import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { systemClock } from '../core/clock.ts';
import { VERSION } from '../core/version.ts';
import { createCompanyServer } from './server.ts';
import { openCompany } from './store.ts';

const [folder, step] = process.argv.slice(2);
if (folder === undefined || (step !== undefined && !/^\d{1,6}$/.test(step))) {
  process.stderr.write(
    'usage: main <folder for the sandbox company> [<milliseconds that a step of slow work takes>]\n',
  );
  process.exit(2);
}
const store = openCompany(folder);
const pace = step === undefined ? {} : { stepMs: Number(step) };
serveStdio(() => createCompanyServer({ store, now: systemClock, version: VERSION, ...pace }), {
  onerror: (error) => process.stderr.write(`${error.message}\n`),
});
