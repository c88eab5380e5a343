import type { CapabilityCheck, CapabilityFinding } from '../capabilities/verify/check-capability.ts';
import type { ConfigFacts } from '../config/inspect.ts';
import type { ConfigInput } from '../config.ts';
import type { JsonObject } from '../core/json.ts';
import type { AgentOptions, AgentOutcome } from '../demo/agent.ts';
import type { HeadlessOptions } from '../demo/headless-approver.ts';
import type { EndpointFinding } from '../downstream/probe-endpoint.ts';
import type { ExportVerification, VerifyExportOptions } from '../evidence/verify-export.ts';
import type { PolicyCheck } from '../policy/check.ts';
import type { PolicyTestResult } from '../policy/test-suite.ts';
import type { InclusionProof } from '../sdk/ledger.ts';
import type { ExplainedVerdict, RuleTrace } from '../sdk/policies.ts';

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
  /** Goes on from a database that is older than what was signed last; otherwise that is refused. */
  readonly acceptRollback?: boolean;
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

/** How a witness is to be started. Paths are absolute. */
export interface WitnessStart {
  /** Verifier keys of the logs to cosign. */
  readonly logs: readonly string[];
  readonly keyFile: string;
  readonly stateFile: string;
  /** The key's name, if it is made by this start. */
  readonly name: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Told of every answer. */
  readonly onEvent: (event: AppEvent) => void;
}

/** A witness that answers. */
export interface RunningWitness {
  readonly url: string;
  readonly vkey: string;
  readonly logs: readonly string[];
  close(): Promise<void>;
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
  readonly verdict: ExplainedVerdict;
  readonly rules: readonly RuleTrace[];
}

/** Policy files on this machine, without a gateway. */
export interface PolicyTools {
  check(dir: string): Promise<PolicyCheck>;
  test(dir: string): Promise<{ readonly results: readonly PolicyTestResult[] }>;
  explain(dir: string, question: PolicyQuestion): Promise<PolicyAnswer>;
  /** The texts of the policy files by name. Throws `policy_invalid` where there is none. */
  read(dir: string): Promise<Readonly<Record<string, string>>>;
  /** The JSON Schema of a policy file. */
  schema(): object;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface TextSink {
  write(text: string): unknown;
}

/** All that the command line needs of the world; `main.ts` gives the real things. */
export interface CliDeps {
  readonly startApp: (options: StartOptions) => Promise<RunningApp>;
  readonly startWitness: (start: WitnessStart) => Promise<RunningWitness>;
  readonly policyTools: () => Promise<PolicyTools>;
  /** Why a proof does not hold under this key of the log; undefined when it does. */
  readonly proofProblem: (proof: InclusionProof, vkey: string) => Promise<string | undefined>;
  readonly checkCapability: (check: CapabilityCheck) => Promise<CapabilityFinding>;
  /** Verifies an export offline. Throws `invalid_request` for a key or checkpoint that cannot be read. */
  readonly verifyExport: (file: string, options: VerifyExportOptions) => Promise<ExportVerification>;
  readonly playAgent: (options: AgentOptions) => Promise<AgentOutcome>;
  readonly approveHeadless: (options: HeadlessOptions) => Promise<void>;
  /** Reads a configuration and makes nothing. Throws what a start would throw. */
  readonly inspectConfig: (question: Omit<ConfigInput, 'port' | 'readOnly'>) => Promise<ConfigFacts>;
  /** Connects to an MCP endpoint as a client does, and lists its tools. Never rejects. */
  readonly probeMcp: (access: Pick<McpAccess, 'url' | 'headers'>) => Promise<EndpointFinding>;
  readonly env: Environment;
  readonly cwd: string;
  /** As Node names it: `linux`, `darwin`, `win32`. */
  readonly platform: string;
  /** The person's own folder. */
  readonly home: string;
  readonly version: string;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  /** Whether a person sits there. */
  readonly isTty: { readonly stdout: boolean; readonly stderr: boolean };
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly newKey: () => string;
  /** All of standard input. Throws `payload_too_large` beyond 1 MiB. */
  readonly readStdin: () => Promise<string>;
  /** Asks the person who sits at the terminal; undefined when nobody does. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** Opens an address in the person's browser; false when that is not possible. */
  readonly openUrl: (url: string) => Promise<boolean>;
  /** Calls back for every SIGINT and SIGTERM until the returned function is called. */
  readonly onSignal: (listener: () => void) => () => void;
  /** Ends the process at once. */
  readonly exitNow: (code: number) => void;
}
