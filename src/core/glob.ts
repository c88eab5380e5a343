/**
 * Matches `text` against `pattern`, in which `*` stands for any run of characters and everything else for itself.
 * Case-sensitive, anchored at both ends, linear in the length of the text for each part.
 */
export function matchGlob(pattern: string, text: string): boolean {
  if (!pattern.includes('*')) return pattern === text;
  const parts = pattern.split('*');
  const first = parts[0] ?? '';
  const last = parts[parts.length - 1] ?? '';
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  const end = text.length - last.length;
  let position = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, position);
    if (found < 0 || found + part.length > end) return false;
    position = found + part.length;
  }
  return true;
}

/** What an MCP request reaches: a tool, a resource (by URI) or a prompt of one downstream server. */
export interface Target {
  readonly kind: 'tool' | 'resource' | 'prompt';
  readonly server: string;
  readonly name: string;
}

/**
 * Matches a tool pattern of a policy rule or a session scope: `server/tool`, `server.tool` (server names hold no
 * dot or slash) or a bare `tool` that means the tool on every server. Each side may hold `*`.
 */
export function matchTool(pattern: string, server: string, tool: string): boolean {
  const slash = pattern.indexOf('/');
  const cut = slash >= 0 ? slash : pattern.indexOf('.');
  if (cut < 0) return matchGlob(pattern, tool);
  return matchGlob(pattern.slice(0, cut), server) && matchGlob(pattern.slice(cut + 1), tool);
}
