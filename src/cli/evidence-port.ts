/** What an export is to be held against. */
export interface ExportQuestion {
  /** The path of the file. */
  readonly file: string;
  /** The log's verifier key. */
  readonly vkey: string;
  /** The note of an older checkpoint. */
  readonly older: string | undefined;
  /** Verifier keys of witnesses. */
  readonly witnesses: readonly string[];
  readonly onProgress: (progress: { entries: number; size: number }) => void;
}

/** What verifying an export has established. Times are epoch milliseconds. */
export interface ExportFacts {
  readonly size: number;
  /** Hex. */
  readonly root: string;
  readonly tally: {
    readonly entries: number;
    readonly requests: number;
    readonly decisions: number;
    readonly dispatches: number;
    readonly allowedByPolicy: number;
    readonly breakGlass: number;
    readonly liveCalls: number;
    readonly tokens: number;
    readonly payloads: number;
    readonly unknown: number;
  };
  readonly anchors: readonly {
    readonly person: string;
    readonly name: string;
    readonly credentialId: string;
  }[];
  readonly people: readonly {
    readonly person: string;
    readonly name: string;
    readonly invitedBy: string;
    readonly credentialIds: readonly string[];
  }[];
  readonly cosigned: readonly { readonly witness: string; readonly size: number; readonly at: number }[];
  readonly olderFound: boolean;
  readonly undisclosed: number;
}

/** The first thing that is wrong with an export. */
export interface ExportProblem {
  /** From 1. */
  readonly line: number;
  readonly seq: number | undefined;
  readonly type: string | undefined;
  /** The rule's number in docs/ledger-format.md. */
  readonly rule: number;
  readonly reason: string;
}

export type ExportAnswer =
  | {
      readonly ok: true;
      readonly header: {
        readonly log: string;
        readonly exportedAt: number;
        readonly approval: string | undefined;
      };
      readonly established: ExportFacts;
    }
  | { readonly ok: false; readonly finding: ExportProblem; readonly entries: number };
