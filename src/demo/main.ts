import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { systemClock } from '../core/clock.ts';
import { VERSION } from '../core/version.ts';
import { createCompanyServer } from './server.ts';
import { openCompany } from './store.ts';

const folder = process.argv[2];
if (folder === undefined) {
  process.stderr.write('usage: main <folder for the sandbox company>\n');
  process.exit(2);
}
const store = openCompany(folder);
serveStdio(() => createCompanyServer({ store, now: systemClock, version: VERSION }), {
  onerror: (error) => process.stderr.write(`${error.message}\n`),
});
