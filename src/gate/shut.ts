import type { CatalogTool } from '../downstream/catalog.ts';
import { refusalText } from '../downstream/pin.ts';

/** Why a tool that is not active is not called, and who can help; for the agent that called it. */
export function shutText({ exposed, server, refusal }: CatalogTool): string {
  const tool = `The tool ${exposed} of server ${server}`;
  if (refusal === undefined)
    return `${tool} is quarantined: its definition is not the one that was accepted. An operator must review and accept the new definition.`;
  return `${tool} is shut: its definition was ${refusalText(refusal)}. It opens again when its server goes back to the accepted definition, or when an operator accepts this one.`;
}
