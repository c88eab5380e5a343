// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pieces of source
import type { PlantedBug } from './bug.ts';

const TEXT = ['test/cli/connect/config-text.test.ts'];
const COMMAND = ['test/cli/connect.test.ts'];
const DOCTOR = ['test/cli/doctor.test.ts'];
const INSIDE = ['test/cli/doctor/check-inside.test.ts'];
const CONFIG_TEXT = 'src/cli/connect/config-text.ts';
const WRITE = 'src/cli/connect/write-config.ts';
const CONNECT = 'src/cli/commands/connect.ts';
const CHECK_INSIDE = 'src/cli/doctor/check-inside.ts';

/** Defects of how clients are connected, and of what the doctor sees. */
export const CONNECT_BUGS: readonly PlantedBug[] = [
  {
    name: 'connect: an entry is looked for among the comments',
    file: CONFIG_TEXT,
    find: 'const members = sliceMembers(blanked.slice(object.start, object.end))',
    replace: 'const members = sliceMembers(text.slice(object.start, object.end))',
    tests: TEXT,
  },
  {
    name: 'connect: a repeated key is taken for one',
    file: CONFIG_TEXT,
    find: 'value = parseStrict(blanked);',
    replace: 'value = JSON.parse(blanked);',
    tests: TEXT,
  },
  {
    name: 'connect: the differences show the token',
    file: CONFIG_TEXT,
    find: '.map((line) => `+ ${masked(line)}`)',
    replace: '.map((line) => `+ ${line}`)',
    tests: [...TEXT, ...COMMAND],
  },
  {
    name: 'connect: a link is replaced by a file',
    file: WRITE,
    find: '    return await realpath(file);\n',
    replace: '    await realpath(file);\n    return file;\n',
    tests: COMMAND,
  },
  {
    name: 'connect: a backup replaces the one before',
    file: WRITE,
    find: 'await copyFile(file, backup, constants.COPYFILE_EXCL);',
    replace: 'await copyFile(file, backup, constants.COPYFILE_FICLONE);',
    tests: COMMAND,
  },
  {
    name: 'connect: a file with a token is for everybody',
    file: WRITE,
    find: 'const OWNER_ONLY = 0o600;',
    replace: 'const OWNER_ONLY = 0o644;',
    tests: COMMAND,
  },
  {
    name: 'connect: what does not answer is written all the same',
    file: CONNECT,
    find: 'write && ok ? await writeConfig',
    replace: 'write ? await writeConfig',
    tests: COMMAND,
  },
  {
    name: 'connect: a name reaches the shell as it is',
    file: CONNECT,
    find: 'if (!NAME.test(name))',
    replace: "if (name === '')",
    tests: COMMAND,
  },
  {
    name: 'doctor: problems end with 0',
    file: 'src/cli/commands/doctor.ts',
    find: 'return problems === 0 ? EXIT.ok : EXIT.error;',
    replace: 'return EXIT.ok;',
    tests: DOCTOR,
  },
  {
    name: 'doctor: looking makes folders',
    file: 'src/config/inspect.ts',
    find: '{ ...input, readOnly: true }',
    replace: '{ ...input }',
    tests: DOCTOR,
  },
  {
    name: 'doctor: keys that others can read are fine',
    file: 'src/cli/doctor/check-folder.ts',
    find: 'if (mode !== undefined && (mode & 0o077) !== 0) open.push(file);',
    replace: 'if (mode !== undefined && (mode & 0o007) === 0o007) open.push(file);',
    tests: DOCTOR,
  },
  {
    name: 'doctor: a clock that is behind is fine',
    file: 'src/cli/doctor/check-address.ts',
    find: 'const apart = Math.abs(skewMs);',
    replace: 'const apart = skewMs;',
    tests: DOCTOR,
  },
  {
    name: 'doctor: nobody without a passkey is missed',
    file: CHECK_INSIDE,
    find: 'if (passkeys.length === 0) {',
    replace: 'if (approvers.length < 0) {',
    tests: DOCTOR,
  },
  {
    name: 'doctor: a quorum that cannot be met is fine',
    file: CHECK_INSIDE,
    find: 'if (able < quorum)',
    replace: 'if (able < 0)',
    tests: DOCTOR,
  },
  {
    name: 'doctor: groups do not count',
    file: 'src/approvals/electorate.ts',
    find: 'terms.groups.length === 0 || groups.some((group) => theirs.includes(group));',
    replace: 'terms.groups.length === 0 || groups.length > theirs.length - 99;',
    tests: ['test/approvals/electorate.test.ts'],
  },
  {
    name: 'doctor: a witness that saw another ledger is fine',
    file: CHECK_INSIDE,
    find: 'if (conflict !== null) {',
    replace: "if (conflict?.kind === 'rollback') {",
    tests: INSIDE,
  },
  {
    name: 'doctor: a clock that was set back is fine',
    file: CHECK_INSIDE,
    find: 'if (ahead > 0) {',
    replace: 'if (ahead < 0) {',
    tests: INSIDE,
  },
];
