import type { DownstreamRequest } from '../catalog.ts';
import type { Link } from '../link.ts';
import type { Offer } from '../list.ts';
import { askForTask, callAsTask } from './task.ts';

/**
 * The parameters by which a task is asked for, and whether one is understood as the answer: 2026-07-28 is told that it
 * is, earlier revisions are asked call by call.
 */
export function taskWay(input: {
  link: Link;
  tools: Offer['tools'];
  request: Omit<DownstreamRequest, 'server'>;
}): { paramsText: string; tasks: boolean } {
  const { link, tools, request } = input;
  const { judged, paramsText, tasks = false } = request;
  if (link.era === 'modern' || judged === undefined) return { paramsText, tasks };
  const { capabilities } = link;
  if (capabilities.tasks === undefined) return { paramsText, tasks: false };
  const definition = tools.find(({ tool }) => tool === judged.tool)?.definition;
  if (!callAsTask({ capabilities, definition, isWelcome: tasks })) return { paramsText, tasks: false };
  return { paramsText: askForTask(paramsText), tasks: true };
}
