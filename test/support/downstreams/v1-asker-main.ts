import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { createV1Asker } from './v1-asker.ts';

await createV1Asker().connect(new StdioServerTransport());
