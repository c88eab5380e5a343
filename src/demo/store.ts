import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Company, newCompany, type Outcome } from './company.ts';

/** The sandbox company's own database: one JSON file, replaced whole and synced with every change. */
export interface CompanyStore {
  read(): Company;
  /** Applies an operation; what it did is on disk when this returns. A refused one changes nothing. */
  change(operation: (company: Company) => Outcome): Outcome;
}

/** Opens the company in `folder`, founding it when there is none. One process at a time may hold a folder. */
export function openCompany(folder: string): CompanyStore {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'company.json');
  const found = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<Company>) : {};
  const state = { company: { ...newCompany(), ...found } as Company };

  function write(company: Company): void {
    const draft = `${file}.new`;
    const handle = openSync(draft, 'w', 0o600);
    try {
      writeSync(handle, JSON.stringify(company, null, 2));
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(draft, file);
  }

  return {
    read: () => state.company,
    change(operation) {
      const outcome = operation(state.company);
      if (outcome.kind === 'refused') return outcome;
      write(outcome.company);
      state.company = outcome.company;
      return outcome;
    },
  };
}
