import { CountersignError } from '../core/errors.ts';
import type { Downstreams } from './catalog.ts';
import type { ToolLock } from './lock.ts';
import { type PinStore, refusalOf, refusalText, type Sighting } from './pin.ts';
import type { Supervisor } from './supervisor.ts';

/** What an operator says of a changed definition; each as `Downstreams` has it. */
export function createReviews(deps: {
  pins: PinStore;
  lock: ToolLock | undefined;
  supervisor: (server: string) => Supervisor | undefined;
}): Pick<Downstreams, 'accept' | 'refuse'> {
  const { pins, lock } = deps;

  /** The definition that its server offers now, which is not the accepted one. */
  function changedTool({ server, tool, what }: { server: string; tool: string; what: 'accept' | 'refuse' }): {
    supervisor: Supervisor;
    offered: Sighting;
  } {
    const supervisor = deps.supervisor(server);
    const view = supervisor?.view();
    const offered = view?.offer.tools.find((sighting) => sighting.tool === tool);
    if (supervisor === undefined || offered === undefined) {
      throw new CountersignError('not_found', `The server "${server}" offers no tool "${tool}".`);
    }
    if (view?.pins.get(tool)?.hash === offered.hash) {
      throw new CountersignError(
        'conflict',
        `The definition of "${server}/${tool}" is the accepted one; there is nothing to ${what}.`,
      );
    }
    if (lock !== undefined) {
      throw new CountersignError(
        'conflict',
        `The lock file ${lock.file} decides which definitions are accepted. Write it anew with "countersign server lock --offered", review what is different, and start the gateway again.`,
      );
    }
    return { supervisor, offered };
  }

  function stale(offered: Sighting, { server, what }: { server: string; what: string }): CountersignError {
    return new CountersignError(
      'conflict',
      `The server now offers "${server}/${offered.tool}" as ${offered.hash}, which is not what was to be ${what}. Look at it again.`,
    );
  }

  return {
    async accept({ server, tool, hash, by }) {
      const { supervisor, offered } = changedTool({ server, tool, what: 'accept' });
      const isOther = hash !== undefined && hash !== offered.hash;
      if (isOther || !(await pins.accept({ ...offered, server, by })))
        throw stale(offered, { server, what: 'accepted' });
      await supervisor.repin();
    },

    async refuse({ server, tool, hash, by, reason }) {
      if (reason !== undefined && (reason.includes('\0') || !reason.isWellFormed()))
        throw new CountersignError('invalid_request', 'reason: expected text without NUL');
      const { supervisor, offered } = changedTool({ server, tool, what: 'refuse' });
      const before = refusalOf(offered, supervisor.view().pins.get(tool));
      if (before !== undefined) {
        const text = `What "${server}" offers as "${tool}" now was ${refusalText(before)}. It stays shut until it is accepted.`;
        throw new CountersignError('conflict', text);
      }
      if (hash !== offered.hash || !(await pins.refuse({ ...offered, server, by, reason })))
        throw stale(offered, { server, what: 'refused' });
      await supervisor.repin();
    },
  };
}
