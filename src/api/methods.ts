export interface Route {
  readonly method: string;
  /** As the router has it: `/v1/sessions/:id`. */
  readonly path: string;
}

function matches(pattern: string, path: string): boolean {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return false;
  return wanted.every((part, index) => (part.startsWith(':') ? given[index] !== '' : part === given[index]));
}

/** The methods that a path answers, sorted, without middleware; none when there is nothing at the path. */
export function allowedMethods(routes: readonly Route[], path: string): string[] {
  const found = routes.filter((route) => route.method !== 'ALL' && matches(route.path, path));
  return [...new Set(found.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))].sort();
}
