import { useEffect } from 'preact/hooks';
import type { InclusionProof } from '../../../../sdk/ledger.ts';
import type { LogEntry } from '../../../../sdk/log-entry.ts';
import { explain } from '../../api.ts';
import { useLoaded } from '../../load.ts';
import { findKeyBodies } from '../../log-trust.ts';
import { CANNOT_CHECK, keyInForce } from '../../model/log-key.ts';
import { storyOf } from '../../model/log-pages.ts';
import type { ProvenEntry } from '../../model/verify-log.ts';
import { verifyInclusion } from '../../model/verify-log.ts';
import type { Shell } from '../../shell.ts';
import { Exact } from '../exact.tsx';
import { Notice } from '../notice.tsx';
import { Skeleton } from '../skeleton.tsx';
import { TextOf } from '../text-of.tsx';

type Outcome = { readonly proven: ProvenEntry } | { readonly problem: string };

interface Found {
  readonly proof: InclusionProof;
  readonly entry: LogEntry;
  readonly outcome: Outcome;
}

async function prove(shell: Shell, seq: number): Promise<Found> {
  const { client } = shell.api;
  const [bodies, proof] = await Promise.all([findKeyBodies(client), client.ledger.proof(seq)]);
  const { ts, ...rest } = JSON.parse(proof.entry) as Omit<LogEntry, 'ts'> & { ts: number };
  const entry = { ...rest, ts: new Date(ts).toISOString() };
  try {
    return { proof, entry, outcome: { proven: await verifyInclusion(proof, await keyInForce(bodies)) } };
  } catch (error) {
    // What does not hold is shown, not thrown away: the entry must be seen beside what is wrong with it.
    return { proof, entry, outcome: { problem: explain(error) } };
  }
}

function Verified({ proof, proven: { head } }: { proof: InclusionProof; proven: ProvenEntry }) {
  return (
    <Notice kind="good" title="Verified in this page">
      <p>
        This browser hashed the text below, went {proof.proof.length}{' '}
        {proof.proof.length === 1 ? 'step' : 'steps'} up to the root of {head.size} entries, and checked the
        signature over it by key <code>{head.keyId}</code> of <TextOf text={head.origin} />.
      </p>
      <p class="fine">
        It took the key from the log itself. Whoever trusts nothing here exports the evidence and verifies it
        with a key of their own.
      </p>
    </Notice>
  );
}

function ProofResult({ proof, outcome }: Pick<Found, 'proof' | 'outcome'>) {
  if ('proven' in outcome) return <Verified proof={proof} proven={outcome.proven} />;
  if (outcome.problem.startsWith(CANNOT_CHECK)) {
    return (
      <Notice kind="warning" title="Not verified in this page">
        <p>{outcome.problem}. Nothing speaks against the entry; another browser can check it.</p>
      </Notice>
    );
  }
  return (
    <Notice kind="error" title="The proof does not hold">
      <p>{outcome.problem}</p>
      <p>
        Do not rely on this entry. Export the evidence and have it looked at before anything else is done.
      </p>
    </Notice>
  );
}

function ProofSteps({ proof }: { proof: InclusionProof }) {
  return (
    <details class="card">
      <summary>The proof</summary>
      <dl class="hashes">
        <dt>Leaf</dt>
        <dd>
          <code>{proof.leaf}</code>
        </dd>
        {proof.proof.map((hash, at) => (
          <>
            <dt>Step {at + 1}</dt>
            <dd>
              <code>{hash}</code>
            </dd>
          </>
        ))}
      </dl>
      {proof.checkpoint !== null && <Lines text={proof.checkpoint} />}
    </details>
  );
}

function Links({ entry }: { entry: LogEntry }) {
  const { ref } = entry;
  const story = storyOf(entry);
  return (
    <p class="log-links">
      {story !== undefined && <a href={`/logs/${story}`}>The whole story of {story}</a>}
      {ref.approval !== undefined && <a href={`/approvals/${ref.approval}`}>The approval</a>}
      {ref.session !== undefined && <a href={`/sessions/${ref.session}`}>Its session</a>}
      {ref.session !== undefined && <a href={`/logs?session=${ref.session}`}>All of this session</a>}
    </p>
  );
}

/** Lines one by one: what would break a line is shown escaped within it. */
function Lines({ text }: { text: string }) {
  return (
    <pre class="entry-text">
      {text.split('\n').map((line, at) => (
        <span key={at} class="line">
          <TextOf text={line} />
        </span>
      ))}
    </pre>
  );
}

/** One entry, read from the text that is proven, and the proof computed here. */
export function EntryPage({ shell, seq }: { shell: Shell; seq: number }) {
  const found = useLoaded(shell, `${seq}`, () => prove(shell, seq));
  useEffect(() => {
    document.title = `Entry ${seq} · Countersign`;
  }, [seq]);
  const shown = found.value.value;
  return (
    <>
      <p>
        <a href="/logs">← Logs</a>
      </p>
      <h1>Entry {seq}</h1>
      {found.problem.value !== undefined && (
        <Notice kind="error" title="The entry could not be loaded" retry={found.again}>
          <p>{found.problem.value}</p>
        </Notice>
      )}
      {shown === undefined && found.problem.value === undefined && <Skeleton rows={3} />}
      {shown !== undefined && (
        <>
          <p>
            <code>
              <TextOf text={shown.entry.type} />
            </code>{' '}
            <Exact at={shown.entry.ts} />
          </p>
          <Links entry={shown.entry} />
          <ProofResult {...shown} />
          <section class="card" aria-labelledby="entry-text">
            <h2 id="entry-text">What the log holds</h2>
            <Lines text={JSON.stringify(JSON.parse(shown.proof.entry), undefined, 2)} />
          </section>
          <ProofSteps proof={shown.proof} />
        </>
      )}
      <nav class="pages" aria-label="Neighbours">
        {seq > 0 && <a href={`/logs/${seq - 1}`}>Entry {seq - 1}</a>}
        <a href={`/logs/${seq + 1}`}>Entry {seq + 1}</a>
      </nav>
    </>
  );
}
