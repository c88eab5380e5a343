import type { JsonChange } from '../core/json-diff.ts';
import { definitionHash } from '../core/tool-definition.ts';
import { diffWords, type Stretch } from '../core/word-diff.ts';
import type { ServerTool } from '../sdk/servers.ts';
import { changesOf, hasDrifted, offeredDefinition } from '../sdk/tool-change.ts';
import type { Output } from './output.ts';
import { countHidden, oneLine, safeJson } from './terminal-text.ts';

const CONTEXT_CHARACTERS = 80;

/** One hash for all the changes that were looked at: another tool, or another change of one, gives another hash. */
export function reviewHash(tools: readonly Pick<ServerTool, 'server' | 'tool' | 'hash'>[]): string {
  return definitionHash(Object.fromEntries(tools.map((one) => [`${one.server}/${one.tool}`, one.hash])));
}

function shownWord({ kind, text }: Stretch, out: Output): string {
  const shown = safeJson(text).slice(1, -1);
  if (kind === 'gone') return out.style('red', `[-${shown}-]`);
  if (kind === 'new') return out.style('green', `{+${shown}+}`);
  const points = [...shown];
  if (points.length <= 3 * CONTEXT_CHARACTERS) return shown;
  const left = points.slice(0, CONTEXT_CHARACTERS).join('');
  const right = points.slice(-CONTEXT_CHARACTERS).join('');
  return `${left} ${out.style('dim', `… ${points.length - 2 * CONTEXT_CHARACTERS} characters alike …`)} ${right}`;
}

function changeLines(change: JsonChange, out: Output): string[] {
  const lines = [`  ${oneLine(change.at)}`];
  const { before, after } = change;
  if ('before' in change) lines.push(out.style('red', `  - ${oneLine(safeJson(before))}`));
  if ('after' in change) lines.push(out.style('green', `  + ${oneLine(safeJson(after))}`));
  if (typeof before === 'string' && typeof after === 'string') {
    const words = diffWords({ before, after });
    if (words.some(({ kind }) => kind === 'same')) {
      lines.push(`  ~ ${words.map((word) => shownWord(word, out)).join('')}`);
    }
  }
  return lines;
}

function headOf(tool: ServerTool): string {
  const name = `${oneLine(tool.server)}/${oneLine(tool.tool)}`;
  if (tool.refusal !== null) {
    const { by, at, reason } = tool.refusal;
    return `${name} was refused by ${oneLine(by)} at ${oneLine(at)}${reason === null ? '' : `: ${oneLine(reason)}`}`;
  }
  return `${name} ${tool.pinnedHash === null ? 'was never accepted' : 'has changed'} and is quarantined`;
}

function reviewLine(verb: 'accept' | 'refuse', { server, tool, hash }: ServerTool): string {
  return `  countersign server ${verb} ${oneLine(server)} ${oneLine(tool)} --hash ${oneLine(hash)}`;
}

/** Who refused what a tool is now, and the command that shows what that is. */
export function refusedLines(tool: ServerTool, out: Output): string[] {
  const show = `  countersign server diff ${oneLine(tool.server)} ${oneLine(tool.tool)}`;
  return [out.style('bold', headOf(tool)), show];
}

/** What changed in a tool, for a terminal: nothing that the server wrote can hide in it. */
export function toolChangeLines(tool: ServerTool, out: Output): string[] {
  if (tool.state !== 'refused' && !hasDrifted(tool)) {
    const name = `${oneLine(tool.server)}/${oneLine(tool.tool)}`;
    return [
      out.style(
        'bold',
        `${name} is quarantined: its name ${oneLine(tool.exposed)} is claimed by two servers`,
      ),
      '  countersign server list',
    ];
  }
  const offered = offeredDefinition(tool);
  const hidden = countHidden(texts(offered).join(''));
  const warning = `  ! ${hidden} hidden character${hidden === 1 ? '' : 's'} in this definition, written as \\u…`;
  return [
    out.style('bold', headOf(tool)),
    ...changesOf(tool).flatMap((change) => changeLines(change, out)),
    ...(hidden === 0 ? [] : [out.style('yellow', warning)]),
    reviewLine('accept', tool),
    ...(tool.state === 'refused' ? [] : [reviewLine('refuse', tool)]),
  ];
}

function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [key, ...texts(member)]);
}
