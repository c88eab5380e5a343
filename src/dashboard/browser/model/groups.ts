/** Group names as people type them, separated by spaces or commas, each once. */
export function groupsFrom(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((group) => group !== ''))];
}
