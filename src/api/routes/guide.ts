import type { Api } from '../context.ts';
import { llmsText } from '../guide/llms.ts';
import { skillText } from '../guide/skill.ts';

/** What coding agents read: `/skill.md` and `/llms.txt`. They hold nothing that is not public, and need no key. */
export function addGuideRoutes(api: Api, publicOrigin: string): void {
  const pages = {
    '/skill.md': { type: 'text/markdown', text: skillText(publicOrigin) },
    '/llms.txt': { type: 'text/plain', text: llmsText(publicOrigin) },
  };
  for (const [path, { type, text }] of Object.entries(pages))
    api.get(path, (c) =>
      c.body(text, 200, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-cache' }),
    );
}
