import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { PolicyCheck, PolicyProblem } from '../../../../sdk/policies.ts';
import type { ReplayProgress } from '../../../../sdk/recorded-calls.ts';
import {
  type Files,
  offsetOf,
  progressPercent,
  type ReplayWindow,
  takeFiles,
  WINDOWS,
} from '../../model/candidate.ts';
import { useTrial } from '../../replay-files.ts';
import type { Shell } from '../../shell.ts';
import { CopyButton, CopyLine } from '../fleet/copy-line.tsx';
import { Notice } from '../notice.tsx';
import { TextOf } from '../text-of.tsx';
import { CandidateEditor } from './candidate-editor.tsx';
import { ReplayResult } from './replay-result.tsx';

function Problems({ check, show }: { check: PolicyCheck; show: (problem: PolicyProblem) => void }) {
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
        {check.problems.map((problem) => {
          const { file, line, column, message } = problem;
          return (
            <li key={`${file}:${line}:${column}:${message}`}>
              <button type="button" class="place" onClick={() => show(problem)}>
                <TextOf text={file} />:{line}:{column}
              </button>{' '}
              <TextOf text={message} />
            </li>
          );
        })}
      </ul>
    </Notice>
  );
}

function Running({ progress, stop }: { progress: ReplayProgress | undefined; stop: () => void }) {
  const percent = progress === undefined ? 0 : progressPercent(progress);
  return (
    <p class="buttons">
      <progress class="bar-of" aria-label="Judging past calls" max={100} value={percent} />
      <span class="fine">
        {progress === undefined
          ? 'Beginning…'
          : `${percent} %: ${progress.calls} calls, ${progress.changed} decided otherwise`}
      </span>
      <button type="button" onClick={stop}>
        Stop
      </button>
    </p>
  );
}

/** Files that are not in force: chosen or begun with those that are, checked, and asked what they would have made of past calls. */
export function Candidate({ shell, since }: { shell: Shell; since: string }) {
  const files = useSignal<Files>(new Map());
  const current = useSignal('');
  const left = useSignal<readonly string[]>([]);
  const window = useSignal<ReplayWindow>(since in WINDOWS ? (since as ReplayWindow) : '7d');
  const unread = useSignal<string | undefined>(undefined);
  const area = useRef<HTMLTextAreaElement>(null);
  const trial = useTrial(shell);

  const set = (next: Files, shown: string) => {
    trial.forget();
    files.value = next;
    current.value = next.has(shown) ? shown : ([...next.keys()][0] ?? '');
    unread.value = undefined;
  };
  const take = (chosen: readonly (readonly [string, string])[]) => {
    const taken = takeFiles(files.value, chosen);
    set(taken.files, chosen.find(([name]) => taken.files.has(name))?.[0] ?? current.value);
    left.value = taken.left;
    if (taken.files.size > 0) void trial.judge(taken.files);
  };
  const read = async (texts: () => Promise<readonly (readonly [string, string])[]>) => {
    try {
      take(await texts());
    } catch (error) {
      unread.value = shell.failed(error);
    }
  };
  const readList = (list: Iterable<File>) => {
    const chosen = [...list];
    if (chosen.length === 0) return;
    void read(() => Promise.all(chosen.map(async (file) => [file.name, await file.text()] as const)));
  };
  const show = (problem: PolicyProblem) => {
    const text = files.value.get(problem.file);
    if (text === undefined) return;
    current.value = problem.file;
    // The field may hold another file's text until the page has been drawn again.
    requestAnimationFrame(() => {
      const at = offsetOf(text, problem);
      area.current?.focus();
      area.current?.setSelectionRange(at, at);
    });
  };
  const name = current.value;
  const text = files.value.get(name);
  const busy = trial.doing !== undefined;
  return (
    <section
      class="card"
      aria-labelledby="candidate"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        readList(event.dataTransfer?.files ?? []);
      }}
    >
      <h2 id="candidate">Try other files</h2>
      <p class="fine">
        They are checked against this gateway’s tools, and past calls are judged by them. Nothing is called
        and no file is saved; that you asked, over which time, and the hash of the files stand in the log.
        What policy hides from people is not known here: such calls are counted, not guessed.
      </p>
      <div class="buttons">
        {files.value.size === 0 && (
          <button
            type="button"
            onClick={() => read(async () => Object.entries((await shell.api.client.policies.files()).files))}
          >
            Begin with the files in force
          </button>
        )}
        <label class="chooser">
          Choose policy files, or drop them here{' '}
          <input
            type="file"
            multiple
            accept=".yaml,.yml"
            onChange={(event) => {
              readList(event.currentTarget.files ?? []);
              // The same files can be chosen again once they were mended.
              event.currentTarget.value = '';
            }}
          />
        </label>
      </div>
      {left.value.length > 0 && (
        <p role="status" class="soon">
          Left out, because only .yaml files hold rules, and none that end in _test.yaml:{' '}
          <TextOf text={left.value.join(', ')} />
        </p>
      )}
      {unread.value !== undefined && (
        <Notice kind="error" title="The files could not be read">
          <p>{unread.value}</p>
        </Notice>
      )}
      {text !== undefined && (
        <>
          <div class="buttons files-bar">
            <label>
              File{' '}
              <select
                value={name}
                onChange={(event) => {
                  current.value = event.currentTarget.value;
                }}
              >
                {[...files.value.keys()].map((one) => (
                  <option key={one} value={one}>
                    {one}
                  </option>
                ))}
              </select>
            </label>
            <CopyButton key={name} label={`the text of ${name}`} text={text} />
            <button
              type="button"
              class="quiet"
              onClick={() => set(new Map([...files.value].filter(([one]) => one !== name)), '')}
            >
              Take out <span class="visually-hidden">{name}</span>
            </button>
          </div>
          <CandidateEditor
            name={name}
            text={text}
            area={area}
            change={(next) => set(new Map([...files.value, [name, next]]), name)}
          />
          <div class="buttons replay-bar">
            <label>
              Calls of the{' '}
              <select
                value={window.value}
                onChange={(event) => {
                  window.value = event.currentTarget.value as ReplayWindow;
                  trial.forget();
                }}
              >
                {Object.entries(WINDOWS).map(([value, words]) => (
                  <option key={value} value={value}>
                    {words}
                  </option>
                ))}
              </select>
            </label>
            <button
              type="button"
              class="primary"
              disabled={busy}
              onClick={() => void trial.replay(files.value, window.value)}
            >
              What would have been?
            </button>
            <button type="button" disabled={busy} onClick={() => void trial.judge(files.value)}>
              Check only
            </button>
          </div>
        </>
      )}
      {trial.doing === 'replay' && <Running progress={trial.progress} stop={trial.forget} />}
      {trial.problem !== undefined && (
        <Notice kind="error" title={trial.problem.title}>
          <p>{trial.problem.text}</p>
        </Notice>
      )}
      {trial.check !== undefined && trial.report === undefined && (
        <Problems check={trial.check} show={show} />
      )}
      {trial.report !== undefined && <ReplayResult report={trial.report} />}
      <h3>With what is hidden from people</h3>
      <p class="fine">An operator’s key asks in a terminal, by every value that is kept:</p>
      <CopyLine label="Replay" text={`countersign policy replay --since ${since} --policies ./policies`} />
    </section>
  );
}
