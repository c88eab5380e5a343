import { spawn } from 'node:child_process';
import type { Environment } from './ports.ts';

interface Opener {
  readonly command: string;
  readonly args: readonly string[];
}

function openerOf(platform: string, env: Environment): Opener | undefined {
  if (platform === 'darwin') return { command: 'open', args: [] };
  // Not `start`: the shell would read & and ^ of the address as its own.
  if (platform === 'win32') return { command: 'rundll32', args: ['url.dll,FileProtocolHandler'] };
  return env.DISPLAY || env.WAYLAND_DISPLAY ? { command: 'xdg-open', args: [] } : undefined;
}

/** Opens an http(s) address in the person's browser. False when there is none to open it in. */
export async function openUrl(url: string, host: { platform: string; env: Environment }): Promise<boolean> {
  const opener = openerOf(host.platform, host.env);
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (opener === undefined || !/^https?:$/.test(parsed?.protocol ?? '')) return false;
  return await new Promise((resolve) => {
    const child = spawn(opener.command, [...opener.args, String(parsed)], {
      stdio: 'ignore',
      detached: true,
    });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
