import { ambiguousCommit, type Database } from '../../src/storage/database.ts';

/**
 * What happens to one `apply`: `ok`, nothing persisted and a plain error (`lost`), nothing persisted and a failed
 * COMMIT (`commit_lost`), or persisted and a failed COMMIT (`commit_kept`).
 */
export type Fault = 'ok' | 'lost' | 'commit_lost' | 'commit_kept';

export interface FaultPlan {
  /** Asked before each `apply`, with the number of its transitions. */
  apply(transitions: number): Fault;
  /** Asked before each `query`; true makes it throw. */
  query?(sql: string): boolean;
}

function diskFull(): Error {
  return new Error('database or disk is full');
}

/** Takes faults from a list, in order; everything after its end succeeds. */
export function faultsInTurn(...faults: Fault[]): FaultPlan {
  return { apply: () => faults.shift() ?? 'ok' };
}

/** A database that fails as planned: each fault both ways, not persisted, and persisted but reported as failed. */
export function faultyDatabase(database: Database, plan: FaultPlan): Database {
  return {
    query: async (statement) => {
      if (plan.query?.(statement.sql) === true) throw diskFull();
      return database.query(statement);
    },
    apply: async (batch, seal) => {
      const fault = plan.apply(batch.length);
      if (fault === 'lost') throw diskFull();
      if (fault === 'commit_lost') {
        seal(batch);
        throw ambiguousCommit(diskFull());
      }
      const applied = await database.apply(batch, seal);
      if (fault === 'commit_kept') throw ambiguousCommit(diskFull());
      return applied;
    },
    close: () => database.close(),
  };
}
