import type { JsonObject } from '../core/json.ts';
import type { RuleTrace } from '../sdk/policies.ts';

/** How the gateway is to be started. */
export interface StartOptions {
  /** 0 takes any free port; the configured one when it is left out. */
  readonly port?: number;
  /** The configured one when it is left out. */
  readonly dataDir?: string;
  readonly configFile?: string;
  readonly policiesDir?: string;
  /** Makes a fresh one-time link to enrol a passkey, also when somebody is enrolled already. */
  readonly newEnrolLink: boolean;
  readonly env: Environment;
  /** Told of what happens while the gateway runs; members are in snake_case and hold no secret. */
  readonly onEvent?: (event: AppEvent) => void;
}

export type AppEvent = { readonly event: string } & Readonly<Record<string, unknown>>;

/** How an MCP client connects. */
export interface McpAccess {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly secretUrl: string;
}

/** A gateway that answers. `close` drains, and may be called more than once. */
export interface RunningApp {
  readonly origin: string;
  readonly dashboardUrl: string;
  readonly dataDir: string;
  /** Only when it was made by this start. */
  readonly apiKey?: string;
  /** Only while it can be used and is fresh. */
  readonly enrolUrl?: string;
  readonly session: { readonly id: string; readonly mcp: McpAccess; readonly expiresAt: string };
  /** Settles when the gateway has ended, whoever ended it; rejects when a fault did. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

export interface FileProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface PolicyReport {
  readonly ok: boolean;
  readonly version: string;
  readonly problems: readonly FileProblem[];
}

export interface PolicyTestResult {
  readonly file: string;
  readonly name: string;
  readonly ok: boolean;
  /** What was expected and what was found, one line for each expectation that was not met. */
  readonly failures: readonly string[];
}

export interface PolicyQuestion {
  readonly server: string;
  readonly tool: string;
  readonly args: JsonObject;
  readonly subject?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

/** A verdict and how each rule came to it. */
export interface PolicyAnswer {
  readonly verdict: {
    readonly effect: 'allow' | 'hold' | 'deny';
    readonly risk?: unknown;
    readonly reason?: string;
  };
  readonly rules: readonly RuleTrace[];
}

/** Policy files on this machine, without a gateway. */
export interface PolicyTools {
  check(dir: string): Promise<PolicyReport>;
  test(dir: string): Promise<{ readonly results: readonly PolicyTestResult[] }>;
  explain(dir: string, question: PolicyQuestion): Promise<PolicyAnswer>;
}

export interface PendingCall {
  readonly approvalId: string;
  readonly approveUrl: string;
  readonly expiresAt: string;
}

export interface AgentOptions {
  readonly mcpUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Tells this run's calls from those of earlier runs. */
  readonly idempotencyKey: string;
  readonly print: (line: string) => void;
  /** What is going on right now; each replaces the one before. */
  readonly status: (line: string) => void;
  readonly onPending: (pending: PendingCall) => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** How the risky call ended. */
export interface AgentOutcome {
  readonly state: 'succeeded' | 'failed' | 'denied' | 'expired' | 'void' | 'cancelled' | 'unknown';
  readonly text: string;
}

export interface HeadlessOptions {
  readonly approveUrl: string;
  /** The one-time link, while nobody has used it. */
  readonly enrolUrl?: string | undefined;
  /** Where the demo authenticator's key is kept between runs. */
  readonly passkeyFile: string;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface TextSink {
  write(text: string): unknown;
}

/** All that the command line needs of the world; `main.ts` gives the real things. */
export interface CliDeps {
  readonly startApp: (options: StartOptions) => Promise<RunningApp>;
  readonly policyTools: () => Promise<PolicyTools>;
  readonly playAgent: (options: AgentOptions) => Promise<AgentOutcome>;
  readonly approveHeadless: (options: HeadlessOptions) => Promise<void>;
  readonly env: Environment;
  readonly cwd: string;
  readonly version: string;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  /** Whether a person sits there. */
  readonly isTty: { readonly stdout: boolean; readonly stderr: boolean };
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly newKey: () => string;
  /** Opens an address in the person's browser; false when that is not possible. */
  readonly openUrl: (url: string) => Promise<boolean>;
  /** Calls back for every SIGINT and SIGTERM until the returned function is called. */
  readonly onSignal: (listener: () => void) => () => void;
  /** Ends the process at once. */
  readonly exitNow: (code: number) => void;
}
