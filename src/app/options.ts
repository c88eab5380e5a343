import type { McpAccess } from '../sessions/session.ts';
import type { Database } from '../storage/database.ts';

/** How the gateway is to be started; flags win over files. */
export interface StartOptions {
  /** 0 takes any free port. */
  readonly port?: number;
  readonly dataDir?: string;
  readonly configFile?: string;
  readonly policiesDir?: string;
  /** Makes a fresh one-time enrol link, as long as nobody is enrolled. */
  readonly newEnrolLink: boolean;
  /** Goes on from a database that is older than the newest signed head. */
  readonly acceptRollback?: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Opens the storage engine; the embedded one when it is left out. */
  readonly openDatabase?: (file: string) => Database;
  /** Told of what happens while the gateway runs; holds no secret. */
  readonly onEvent?: (event: AppEvent) => void;
}

export type AppEvent = { readonly event: string } & Readonly<Record<string, unknown>>;

/** A gateway that answers. `close` drains what is under way, and may be called more than once. */
export interface RunningApp {
  readonly origin: string;
  readonly dashboardUrl: string;
  /** Where database, keys and credentials are kept. */
  readonly dataDir: string;
  /** Only when this start made it. */
  readonly apiKey?: string;
  /** Only when this start made it. */
  readonly enrolUrl?: string;
  readonly session: {
    readonly id: string;
    readonly mcp: McpAccess;
    readonly expiresAt: string;
  };
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** Steps that end what was started, run in reverse order. */
export interface Undo {
  add(step: () => Promise<void> | void): void;
  run(): Promise<void>;
}

export function createUndo(): Undo {
  const steps: (() => Promise<void> | void)[] = [];
  return {
    add: (step) => void steps.push(step),
    async run() {
      for (const step of steps.splice(0).reverse()) await step();
    },
  };
}
