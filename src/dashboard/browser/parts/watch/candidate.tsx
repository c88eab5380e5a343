import { useSignal } from '@preact/signals';
import type { PolicyCheck } from '../../../../sdk/policies.ts';
import type { Shell } from '../../shell.ts';
import { CopyLine } from '../fleet/copy-line.tsx';
import { Notice } from '../notice.tsx';
import { TextOf } from '../text-of.tsx';

function Problems({ check }: { check: PolicyCheck }) {
  if (check.ok) {
    return (
      <Notice kind="good" title="These files are in order">
        <p>
          As a whole they would be version <code>{check.version.slice(0, 19)}</code>. They are not in force.
        </p>
      </Notice>
    );
  }
  return (
    <Notice kind="error" title={`${check.problems.length} to mend`}>
      <ul>
        {check.problems.map(({ file, line, column, message }) => (
          <li key={`${file}:${line}:${column}:${message}`}>
            <code>
              <TextOf text={file} />:{line}:{column}
            </code>{' '}
            <TextOf text={message} />
          </li>
        ))}
      </ul>
    </Notice>
  );
}

/** Checks files that are not in force against this gateway's tools, and says how to judge history by them. */
export function Candidate({ shell, since }: { shell: Shell; since: string }) {
  const check = useSignal<PolicyCheck | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const read = async (input: HTMLInputElement) => {
    const chosen = [...(input.files ?? [])];
    // The same files can be chosen again once they were mended.
    try {
      const texts = await Promise.all(chosen.map(async (file) => [file.name, await file.text()] as const));
      if (texts.length === 0) return;
      check.value = await shell.api.client.policies.check({ files: Object.fromEntries(texts) });
      problem.value = undefined;
    } catch (error) {
      check.value = undefined;
      problem.value = shell.failed(error);
    } finally {
      input.value = '';
    }
  };
  return (
    <section class="card" aria-labelledby="candidate">
      <h2 id="candidate">Other files than those in force</h2>
      <p>
        <label>
          Check policy files{' '}
          <input type="file" multiple accept=".yaml,.yml" onChange={(event) => read(event.currentTarget)} />
        </label>
      </p>
      {problem.value !== undefined && (
        <Notice kind="error" title="The files could not be checked">
          <p>{problem.value}</p>
        </Notice>
      )}
      {check.value !== undefined && <Problems check={check.value} />}
      <h3>What they would have made of past calls</h3>
      <p>
        A condition can ask for values that policy hides from people, so judging history by other files takes
        an operator’s key. Whoever has one runs this in a terminal:
      </p>
      <CopyLine label="Replay" text={`countersign policy replay --since ${since} --policies ./policies`} />
    </section>
  );
}
