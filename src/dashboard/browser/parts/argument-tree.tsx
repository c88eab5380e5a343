import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { TreeRow } from '../model/tree.ts';
import { sha256Hex } from '../model/verify-statement.ts';
import { TextOf } from './text-of.tsx';

const encoder = new TextEncoder();

function Digest({ text }: { text: string }) {
  const digest = useSignal('…');
  useEffect(() => {
    void sha256Hex(text).then((hex) => {
      digest.value = hex;
    });
  }, [text]);
  return <span class="digest">sha256 {digest.value}</span>;
}

function sizeOf(row: TreeRow): string {
  if (row.type === 'object') return `${row.children} ${row.children === 1 ? 'member' : 'members'}`;
  if (row.type === 'array') return `${row.children} ${row.children === 1 ? 'item' : 'items'}`;
  if (typeof row.value !== 'string') return '';
  return `${row.value.length} characters, ${encoder.encode(row.value).length} bytes`;
}

interface RowProps {
  readonly row: TreeRow;
  readonly folded: boolean;
  readonly unicode: boolean;
  /** Whether policy hides its value, and whether that was revealed here. */
  readonly policy: 'hidden' | 'revealed' | undefined;
  readonly unfold: (path: string) => void;
}

function Value({ row, folded, unicode, policy, unfold }: RowProps) {
  if (policy === 'hidden') return <span class="hidden-value">hidden by policy</span>;
  if (folded) {
    return (
      <button type="button" onClick={() => unfold(row.path)}>
        Show all {sizeOf(row)}
      </button>
    );
  }
  if (row.children > 0) return null;
  return (
    <span class="value">
      <TextOf text={JSON.stringify(row.value)} unicode={unicode} />
    </span>
  );
}

/** The arguments as key, type and value; nothing is cut, and what starts out folded says how long it is. */
export function ArgumentTree(props: {
  rows: readonly TreeRow[];
  unfolded: ReadonlySet<string>;
  unicode: boolean;
  /** Paths of the lines that policy hides, and whether that was revealed. */
  hidden: { readonly paths: ReadonlySet<string>; readonly revealed: boolean };
  unfold: (path: string) => void;
}) {
  const { rows, unfolded, unicode, hidden, unfold } = props;
  const policyOf = (path: string) =>
    hidden.paths.has(path) ? (hidden.revealed ? 'revealed' : 'hidden') : undefined;
  return (
    <ol class="tree" aria-label="Arguments">
      {rows.map((row) => (
        // biome-ignore lint/a11y/useAriaPropsSupportedByRole: WAI-ARIA 1.2 has it for items of a list.
        <li key={row.path} aria-level={row.depth + 1} style={{ '--depth': String(Math.min(row.depth, 12)) }}>
          <span class="key">
            <TextOf text={row.key} unicode={unicode} />
          </span>{' '}
          {policyOf(row.path) !== 'hidden' && (
            <>
              <span class="type">
                {row.type}
                {sizeOf(row) !== '' && ` · ${sizeOf(row)}`}
              </span>{' '}
            </>
          )}
          {policyOf(row.path) === 'revealed' && (
            <>
              <span class="label">hidden from others</span>{' '}
            </>
          )}
          {row.foldable && typeof row.value === 'string' && <Digest text={row.value} />}
          <Value
            row={row}
            folded={row.foldable && !unfolded.has(row.path)}
            unicode={unicode}
            policy={policyOf(row.path)}
            unfold={unfold}
          />
        </li>
      ))}
    </ol>
  );
}
