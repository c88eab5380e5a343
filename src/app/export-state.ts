import { type ExportRequest, exportLedger } from '../evidence/write-export.ts';
import type { State } from './open-state.ts';

/** The lines of an export of this gateway's ledger, as they are asked for. */
export function exportState(state: State, request: ExportRequest): Promise<AsyncGenerator<string, void>> {
  const { database, workspace, dataKey, ledger, signer, now } = state;
  const checkpointNow = (): Promise<string> => ledger.checkpointNow();
  return exportLedger({ database, workspace, dataKey, checkpointNow, vkey: signer.vkey, now }, request);
}
