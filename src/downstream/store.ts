import { canonicalize } from '../core/canonical.ts';
import type { Clock } from '../core/clock.ts';
import type { JsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { EntryDraft } from '../ledger/entry.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Reader, Row, Statement } from '../storage/database.ts';
import type { DriftReason, Pin, PinChanges, PinStore, Refusal, Sighting } from './pin.ts';

const READ = `SELECT tool, hash, definition, pinned_at, pinned_by, candidate_hash, candidate_definition, candidate_seen_at
  FROM tool_pin WHERE workspace = ? AND server = ?`;
const READ_REFUSALS = `SELECT tool, hash, refused_at, refused_by, reason
  FROM tool_refusal WHERE workspace = ? AND server = ?`;
const PIN = `INSERT INTO tool_pin (workspace, server, tool, hash, definition, pinned_at, pinned_by)
  VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (workspace, server, tool) DO NOTHING`;
const PIN_LOCKED = `INSERT INTO tool_pin (workspace, server, tool, hash, definition, pinned_at, pinned_by)
  VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (workspace, server, tool) DO UPDATE SET hash = excluded.hash,
  definition = excluded.definition, pinned_at = excluded.pinned_at, pinned_by = excluded.pinned_by,
  candidate_hash = NULL, candidate_definition = NULL, candidate_seen_at = NULL`;
const UNPIN = `INSERT INTO tool_pin (workspace, server, tool, pinned_at, pinned_by, candidate_hash, candidate_definition,
  candidate_seen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (workspace, server, tool) DO UPDATE SET hash = NULL,
  definition = NULL, pinned_at = excluded.pinned_at, pinned_by = excluded.pinned_by,
  candidate_hash = excluded.candidate_hash, candidate_definition = excluded.candidate_definition,
  candidate_seen_at = excluded.candidate_seen_at`;
const QUARANTINE = `UPDATE tool_pin SET candidate_hash = ?, candidate_definition = ?, candidate_seen_at = ?
  WHERE workspace = ? AND server = ? AND tool = ?`;
const ACCEPT = `UPDATE tool_pin SET hash = ?, definition = ?, pinned_at = ?, pinned_by = ?,
  candidate_hash = NULL, candidate_definition = NULL, candidate_seen_at = NULL
  WHERE workspace = ? AND server = ? AND tool = ? AND (candidate_hash = ? OR EXISTS
  (SELECT 1 FROM tool_refusal WHERE workspace = ? AND server = ? AND tool = ? AND hash = ?)) RETURNING hash`;
const REFUSE = `INSERT INTO tool_refusal (workspace, server, tool, hash, refused_at, refused_by, reason)
  SELECT workspace, server, tool, candidate_hash, CAST(? AS BIGINT), ?, ? FROM tool_pin
  WHERE workspace = ? AND server = ? AND tool = ? AND candidate_hash = ?
  ON CONFLICT (workspace, server, tool, hash) DO NOTHING RETURNING hash`;
const FORGET_REFUSAL = `DELETE FROM tool_refusal WHERE workspace = ? AND server = ? AND tool = ? AND hash = ?`;

const BY_LOCK = 'tool_lock';

function refusalsByTool(rows: readonly Row[]): ReadonlyMap<string, ReadonlyMap<string, Refusal>> {
  const byTool = new Map<string, Map<string, Refusal>>();
  for (const row of rows) {
    const tool = String(row.tool);
    const refusals = byTool.get(tool) ?? new Map<string, Refusal>();
    refusals.set(String(row.hash), {
      by: String(row.refused_by),
      at: Number(row.refused_at),
      reason: row.reason == null ? undefined : String(row.reason),
    });
    byTool.set(tool, refusals);
  }
  return byTool;
}

function toPin(server: string, row: Row, refusals: ReadonlyMap<string, Refusal> = new Map()): Pin {
  const seen = row.candidate_hash;
  const isPinned = row.hash !== null && row.hash !== undefined;
  return {
    server,
    tool: String(row.tool),
    hash: isPinned ? String(row.hash) : undefined,
    definition: isPinned ? (JSON.parse(String(row.definition)) as JsonObject) : undefined,
    pinnedAt: Number(row.pinned_at),
    pinnedBy: String(row.pinned_by),
    candidate:
      seen === null || seen === undefined
        ? undefined
        : {
            hash: String(seen),
            definition: JSON.parse(String(row.candidate_definition)) as JsonObject,
            seenAt: Number(row.candidate_seen_at),
          },
    refusals,
  };
}

interface Written {
  readonly statements: readonly Statement[];
  readonly entry: EntryDraft;
}

/** Pins in the table `tool_pin`; each change is in one transition with its ledger entry. */
export function createPinStore(deps: {
  database: Reader;
  ledger: Ledger;
  now: Clock;
  workspace?: string;
}): PinStore {
  const { database, ledger, now, workspace = 'default' } = deps;

  function forgetRefusal({ server, tool, hash }: { server: string; tool: string; hash: string }): Statement {
    return { sql: FORGET_REFUSAL, params: [workspace, server, tool, hash] };
  }

  function pinned(server: string, { tool, hash, definition }: Sighting, at: number): Written {
    const params = [workspace, server, tool, hash, canonicalize(definition), at, 'first_seen'];
    return {
      statements: [{ sql: PIN, params }],
      entry: { type: 'tool.pinned', ref: { action: `${server}/${tool}` }, body: { server, tool, hash } },
    };
  }

  function locked(server: string, { tool, hash, definition }: Sighting, at: number): Written {
    const params = [workspace, server, tool, hash, canonicalize(definition), at, BY_LOCK];
    return {
      statements: [{ sql: PIN_LOCKED, params }, forgetRefusal({ server, tool, hash })],
      entry: {
        type: 'tool.pinned',
        ref: { action: `${server}/${tool}` },
        body: { server, tool, hash, by: BY_LOCK },
      },
    };
  }

  function quarantine(server: string, { tool, hash }: Sighting, reason: DriftReason): EntryDraft {
    return {
      type: 'tool.quarantined',
      ref: { action: `${server}/${tool}` },
      body: { server, tool, hash, reason },
    };
  }

  function changedTo(server: string, sighting: Sighting, at: number): Written {
    const { tool, hash, definition } = sighting;
    return {
      statements: [
        { sql: QUARANTINE, params: [hash, canonicalize(definition), at, workspace, server, tool] },
      ],
      entry: quarantine(server, sighting, 'changed'),
    };
  }

  function unpinned(server: string, sighting: Sighting, at: number): Written {
    const { tool, hash, definition } = sighting;
    const params = [workspace, server, tool, at, BY_LOCK, hash, canonicalize(definition), at];
    return { statements: [{ sql: UNPIN, params }], entry: quarantine(server, sighting, 'not_in_lock') };
  }

  return {
    async read(server) {
      const params = [workspace, server];
      const rows = await database.query({ sql: READ, params });
      const refused = refusalsByTool(await database.query({ sql: READ_REFUSALS, params }));
      return new Map(
        rows.map((row) => [String(row.tool), toPin(server, row, refused.get(String(row.tool)))]),
      );
    },

    async record(server, changes: PinChanges) {
      const at = now();
      const writes = [
        ...changes.first.map((sighting) => pinned(server, sighting, at)),
        // A definition of the lock clears the candidate before it, so it comes before the change of the same tool.
        ...changes.locked.map((sighting) => locked(server, sighting, at)),
        ...changes.changed.map((sighting) => changedTo(server, sighting, at)),
        ...changes.unlocked.map((sighting) => unpinned(server, sighting, at)),
      ];
      for (let start = 0; start < writes.length; start += LIMITS.groupCommitItems) {
        const batch = writes.slice(start, start + LIMITS.groupCommitItems);
        await ledger.commit({
          then: batch.flatMap(({ statements }) => statements),
          entries: batch.map(({ entry }) => entry),
        });
      }
    },

    async accept({ server, tool, hash, definition, by }) {
      const at = [workspace, server, tool, hash];
      const applied = await ledger.commit({
        guard: { sql: ACCEPT, params: [hash, canonicalize(definition), now(), by, ...at, ...at] },
        then: [forgetRefusal({ server, tool, hash })],
        entries: [
          {
            type: 'tool.accepted',
            ref: { action: `${server}/${tool}`, principal: by },
            body: { server, tool, hash },
          },
        ],
      });
      return applied.kind === 'applied';
    },

    async refuse({ server, tool, hash, by, reason }) {
      const applied = await ledger.commit({
        guard: { sql: REFUSE, params: [now(), by, reason ?? null, workspace, server, tool, hash] },
        entries: [
          {
            type: 'tool.refused',
            ref: { action: `${server}/${tool}`, principal: by },
            body: { server, tool, hash, ...(reason === undefined ? {} : { reason }) },
          },
        ],
      });
      return applied.kind === 'applied';
    },
  };
}
