import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { createV2Asker } from './v2-asker.ts';

serveStdio(createV2Asker);
