import { stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorText } from '../../core/errors.ts';
import { type Finding, ok, problem, skipped, warning } from './finding.ts';

const LITTLE_BYTES = 1024 ** 3;
const TOO_LITTLE_BYTES = 100 * 1024 ** 2;
/** What holds a key, a credential or what was said under one. */
const SECRETS = [
  'countersign.db',
  'ledger.key',
  'payload.key',
  'capability.keys',
  'cli.json',
  'session.json',
  'enrol-url',
];
const NEEDED = ['countersign.db', 'ledger.key', 'payload.key'];

async function modeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).mode & 0o777;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function size(bytes: number): string {
  const gigabytes = bytes / 1024 ** 3;
  return gigabytes >= 1 ? `${gigabytes.toFixed(1)} GB` : `${Math.floor(bytes / 1024 ** 2)} MB`;
}

async function diskOf(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const text = `${size(free)} free where ${folder} is`;
  if (free < TOO_LITTLE_BYTES) {
    return problem(
      'disk',
      text,
      'Make room: the gateway refuses every call once it cannot write its ledger.',
    );
  }
  return free < LITTLE_BYTES ? warning('disk', text, 'Make room before it runs out.') : ok('disk', text);
}

async function ownershipOf(dataDir: string, folderMode: number): Promise<Finding> {
  const open: string[] = [];
  if ((folderMode & 0o077) !== 0) open.push(dataDir);
  for (const name of SECRETS) {
    const file = join(dataDir, name);
    const mode = await modeOf(file);
    if (mode !== undefined && (mode & 0o077) !== 0) open.push(file);
  }
  if (open.length === 0) return ok('files', 'folder and keys are their owner’s alone');
  const folderOnly = open.length === 1 && open[0] === dataDir;
  const text = `other users of this machine can reach ${open.join(', ')}`;
  const todo = `chmod go-rwx ${open.map((file) => `'${file}'`).join(' ')}`;
  return folderOnly ? warning('files', text, todo) : problem('files', text, todo);
}

async function existing(folder: string): Promise<string> {
  let at = folder;
  while ((await modeOf(at)) === undefined && dirname(at) !== at) at = dirname(at);
  return at;
}

/** The data directory: what is in it, who can reach it, and how much room there is. */
export async function checkFolder(input: { dataDir: string; platform: string }): Promise<Finding[]> {
  const { dataDir, platform } = input;
  try {
    const mode = await modeOf(dataDir);
    if (mode === undefined) {
      const text = `${dataDir} is not there: no gateway was started here yet`;
      return [skipped('data', text), await diskOf(await existing(dataDir))];
    }
    const missing: string[] = [];
    for (const name of NEEDED) if ((await modeOf(join(dataDir, name))) === undefined) missing.push(name);
    const whole =
      missing.length === 0
        ? ok('data', dataDir)
        : missing.length === NEEDED.length
          ? skipped('data', `${dataDir} holds no gateway’s data yet`)
          : problem(
              'data',
              `${dataDir} lacks ${missing.join(', ')}`,
              'Put the whole folder back from a backup; without its keys the database cannot be read or continued.',
            );
    const files =
      platform === 'win32' ? skipped('files', 'not looked at on Windows') : await ownershipOf(dataDir, mode);
    return [whole, files, await diskOf(dataDir)];
  } catch (error) {
    return [problem('data', `${dataDir}: ${errorText(error)}`, 'Check who owns the folder.')];
  }
}
