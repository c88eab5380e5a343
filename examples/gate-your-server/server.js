/**
 * Your own MCP server, which knows nothing of any gateway: notes in a file, by stdio.
 *
 *     node server.js FILE
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

const [file = 'notes.json'] = process.argv.slice(2);
const read = () => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []);
const text = (value) => ({ content: [{ type: 'text', text: value }] });

const server = new McpServer({ name: 'notes', version: '1.0.0' });
server.registerTool('notes_list', { description: 'Lists all notes.', inputSchema: z.object({}) }, async () =>
  text(JSON.stringify(read())),
);
server.registerTool(
  'notes_add',
  { description: 'Adds a note.', inputSchema: z.object({ text: z.string() }) },
  async ({ text: note }) => {
    writeFileSync(file, JSON.stringify([...read(), note]));
    return text('added');
  },
);
server.registerTool(
  'notes_clear',
  { description: 'Deletes all notes.', inputSchema: z.object({}) },
  async () => {
    writeFileSync(file, '[]');
    return text('all notes are gone');
  },
);
await server.connect(new StdioServerTransport());
